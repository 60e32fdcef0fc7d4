import { z } from 'zod';
import { DEFAULT_TARGETS, type TargetRules } from '../callbacks/target.ts';
import { currentSecrets, deliverySecrets, type DeliverySecrets } from './delivery-secrets.ts';
import { load, readable } from './load.ts';
import { flag, host, oneOf, port, text } from './schemas.ts';
import { logLevel, type LogLevel } from './shared-variables.ts';
import type { TemporalConfig } from './temporal.ts';

/** How results are delivered to callers. */
export interface DeliveryConfig {
  readonly targets: TargetRules;
  /** As they are now; none: its deliveries wait. */
  readonly secretsOf: (tenant: string) => readonly string[];
}

const EXPECTED_PORTS = 'ports separated by commas, such as 443,8443';

const ports = text(EXPECTED_PORTS).transform((value, context): number[] => {
  const found = value.split(',').map((part) => port.safeParse(part.trim()).data ?? 0);
  if (found.every((one) => one > 0)) return found;
  context.addIssue({ code: 'custom', message: `must be ${EXPECTED_PORTS}` });
  return z.NEVER;
});

const EXPECTED_HOSTS = 'host names separated by commas, such as hooks.example.com,*.example.org';

const hosts = text(EXPECTED_HOSTS).transform((value, context): string[] => {
  const found = value.split(',').map((part) => part.trim().toLowerCase());
  if (found.every((one) => host.safeParse(one.replace(/^\*\./, '')).success)) return found;
  context.addIssue({ code: 'custom', message: `must be ${EXPECTED_HOSTS}` });
  return z.NEVER;
});

/** Where results may be delivered: of whoever takes requests, and of whoever delivers. */
export const TARGET_VARIABLES = z.object({
  DELIVERY_PORTS: ports.default([...DEFAULT_TARGETS.ports]),
  DELIVERY_HOSTS: hosts.nullable().default(null),
  DELIVERY_ALLOW_LOOPBACK: flag.default(false),
});

/** Of a worker of a provider. */
export const DELIVERY_VARIABLES = TARGET_VARIABLES.extend({
  EXTERNAL_API_DELIVERIES: oneOf('on', 'off').default('off'),
  DELIVERY_SECRETS: deliverySecrets.nullable().default(null),
});

/** For a schema that has them: who delivers must be able to sign. */
export const secretsAreThere: [(values: z.output<typeof DELIVERY_VARIABLES>) => boolean, z.core.$ZodCustomParams] = [
  ({ EXTERNAL_API_DELIVERIES: on, DELIVERY_SECRETS: secrets }) => on === 'off' || secrets !== null,
  {
    path: ['DELIVERY_SECRETS'],
    message: 'is required with EXTERNAL_API_DELIVERIES=on: tenant:whsec_…, comma separated',
    when: readable('EXTERNAL_API_DELIVERIES', 'DELIVERY_SECRETS'),
  },
];

/** Of a worker that does nothing else. */
export const LONE_DELIVERY_VARIABLES = TARGET_VARIABLES.extend({
  DELIVERY_SECRETS: deliverySecrets,
  METRICS_HOST: host.default('127.0.0.1'),
  METRICS_PORT: port.default(9464),
  LOG_LEVEL: logLevel,
});

export interface LoneDeliveryConfig {
  readonly deliveries: DeliveryConfig;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly temporal: TemporalConfig;
}

/** @throws ConfigError */
export function loadDeliveryConfig(env: NodeJS.ProcessEnv = process.env): LoneDeliveryConfig {
  const { values, temporal } = load(env, LONE_DELIVERY_VARIABLES);
  return Object.freeze({
    deliveries: deliveryConfigOf(values, values.DELIVERY_SECRETS, env),
    metricsHost: values.METRICS_HOST,
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    temporal,
  });
}

/** Null: this worker does not deliver. */
export function deliveriesOf(
  values: z.output<typeof DELIVERY_VARIABLES>,
  env: NodeJS.ProcessEnv,
): DeliveryConfig | null {
  const { EXTERNAL_API_DELIVERIES: on, DELIVERY_SECRETS: secrets } = values;
  return on === 'off' || secrets === null ? null : deliveryConfigOf(values, secrets, env);
}

function deliveryConfigOf(
  values: z.output<typeof TARGET_VARIABLES>,
  secrets: DeliverySecrets,
  env: NodeJS.ProcessEnv,
): DeliveryConfig {
  const secretsOf = currentSecrets(secrets, env['DELIVERY_SECRETS_FILE'] || null);
  return Object.freeze({ targets: targetsOf(values), secretsOf });
}

export function targetsOf(values: z.output<typeof TARGET_VARIABLES>): TargetRules {
  const { DELIVERY_PORTS: allowed, DELIVERY_HOSTS: listed, DELIVERY_ALLOW_LOOPBACK: loopback } = values;
  return Object.freeze({ ports: allowed, hosts: listed, loopback });
}
