import { z } from 'zod';
import type { TargetRules } from '../callbacks/target.ts';
import { isLoopback } from '../contract/loopback.ts';
import { saidBy } from '../contract/address.ts';
import type { ApiKeys, TokenRules } from '../contract/callers.ts';
import type { SuspicionLimits } from '../contract/suspicions.ts';
import type { TenantLimits } from '../contract/tenant-limits.ts';
import type { CallbackReceiver } from '../callbacks/receiver.ts';
import { apiKeys } from './api-keys.ts';
import { CALLBACK_VARIABLES, keysOfLinks, receiverIn, secretsOfCallbacks } from './callback-config.ts';
import { SUSPICION_VARIABLES, suspicionLimitsIn } from './suspicion-config.ts';
import { TARGET_VARIABLES, targetsOf } from './delivery-config.ts';
import { GATEWAY_METRICS_VARIABLES, metricsAddressIn } from './gateway-metrics-config.ts';
import { JWT_VARIABLES, tokenRulesIn, withOthers } from './jwt-config.ts';
import { load, readable } from './load.ts';
import { profileIn } from './provider-profile.ts';
import { namedSentinels, type RedisServer, sentinelsOfName } from './redis-config.ts';
import { logLevel, provider, requestDeadline, unknownHold, workerUrl } from './shared-variables.ts';
import type { TemporalConfig } from './temporal.ts';
import { host, port, seconds } from './schemas.ts';
import { countedIn, LIMIT_VARIABLES, redisIfUsed, tenantLimitsIn } from './tenant-limits-config.ts';
import { PROXY_VARIABLES } from './trusted-proxies-config.ts';

export interface GatewayConfig {
  /** The name of the profile that the workers have. */
  readonly provider: string;
  readonly host: string;
  readonly port: number;
  /** Where that was taken from, for a person. */
  readonly portFrom: string;
  /** How long a synchronous `POST /api/external/process` waits for the result before it answers 202. */
  readonly syncWaitMs: number;
  /**
   * Null: no keys. Without tokens too, every caller is the one tenant `default`: only possible outside production and on a
   * loopback address.
   */
  readonly apiKeys: ApiKeys | null;
  /** Where they were read; null: in the variable itself. */
  readonly apiKeysFile: string | null;
  /** Null: no tokens are taken. */
  readonly tokens: TokenRules | null;
  /** Whose X-Forwarded-For is believed: addresses, ranges, and names that Fastify knows. */
  readonly trustedProxies: readonly string[];
  /** Where results may be delivered. */
  readonly targets: TargetRules;
  readonly requestDeadlineMs: number;
  readonly unknownHoldMs: number | undefined;
  readonly workerUrl: URL;
  /** Null: the provider sends no callbacks, or none are taken. */
  readonly callbacks: CallbackReceiver | null;
  readonly suspicions: SuspicionLimits;
  /** Of one tenant, whichever of its keys it shows. */
  readonly limits: TenantLimits;
  /** Where the calls of tenants are counted; null: in this process, if at all. */
  readonly redis: RedisServer | null;
  /** Bytes of a caller's body. */
  readonly bodyLimit: number;
  /** Null: no page of metrics. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly logLevel: z.output<typeof logLevel>;
  readonly temporal: TemporalConfig;
}

export const GATEWAY_VARIABLES = z
  .object({
    ...TARGET_VARIABLES.shape,
    GATEWAY_HOST: host.default('127.0.0.1'),
    GATEWAY_PORT: port.default(8080),
    GATEWAY_SYNC_WAIT: seconds({ min: 0, max: 600 }).default(25_000),
    GATEWAY_API_KEYS: apiKeys.nullable().default(null),
    ...JWT_VARIABLES,
    ...PROXY_VARIABLES,
    EXTERNAL_API_PROVIDER: provider,
    EXTERNAL_API_REQUEST_DEADLINE: requestDeadline,
    EXTERNAL_API_UNKNOWN_HOLD: unknownHold,
    EXTERNAL_API_WORKER_URL: workerUrl,
    ...CALLBACK_VARIABLES,
    ...SUSPICION_VARIABLES,
    ...LIMIT_VARIABLES,
    ...GATEWAY_METRICS_VARIABLES,
    LOG_LEVEL: logLevel,
    NODE_ENV: z.string().optional(),
  })
  .refine(
    ({ GATEWAY_API_KEYS: keys, GATEWAY_JWT_ISSUER: issuer, GATEWAY_HOST: address, NODE_ENV: mode }) =>
      keys !== null || issuer !== undefined || (mode !== 'production' && isLoopback(address)),
    {
      path: ['GATEWAY_API_KEYS'],
      message:
        'is required in production, and wherever GATEWAY_HOST is not a loopback address: tenant:sha256-of-key, ' +
        'comma separated; or GATEWAY_JWT_ISSUER and its like, for tokens',
      when: readable('GATEWAY_API_KEYS', 'GATEWAY_JWT_ISSUER', 'GATEWAY_HOST'),
    },
  )
  .refine(...keysOfLinks)
  .refine(...withOthers('GATEWAY_JWT_ISSUER'))
  .refine(...withOthers('GATEWAY_JWT_AUDIENCE'))
  .refine(...withOthers('GATEWAY_JWT_JWKS_URL'))
  .refine(...namedSentinels)
  .refine(...sentinelsOfName);

/** @throws ConfigError */
export function loadGatewayConfig(env: NodeJS.ProcessEnv = process.env): GatewayConfig {
  const profile = profileIn(env);
  const secrets = receives(env) ? secretsOfCallbacks(profile) : {};
  // Named beside one that is known, they leave the types of the others as they are.
  const variables = GATEWAY_VARIABLES.safeExtend({ LOG_LEVEL: logLevel, ...secrets });
  const { values, temporal } = load(redisIfUsed(env), variables, Object.keys(secrets));
  return Object.freeze({
    provider: profile.name,
    host: values.GATEWAY_HOST,
    port: values.GATEWAY_PORT,
    portFrom: saidBy('GATEWAY_PORT', env),
    syncWaitMs: values.GATEWAY_SYNC_WAIT,
    apiKeys: values.GATEWAY_API_KEYS,
    apiKeysFile: env['GATEWAY_API_KEYS_FILE'] || null,
    tokens: tokenRulesIn(values),
    trustedProxies: values.GATEWAY_TRUSTED_PROXIES,
    targets: targetsOf(values),
    requestDeadlineMs: values.EXTERNAL_API_REQUEST_DEADLINE,
    unknownHoldMs: values.EXTERNAL_API_UNKNOWN_HOLD,
    workerUrl: values.EXTERNAL_API_WORKER_URL,
    callbacks: receiverIn(profile, values),
    suspicions: suspicionLimitsIn(values),
    limits: tenantLimitsIn(values),
    redis: countedIn(values),
    bodyLimit: values.GATEWAY_BODY_LIMIT,
    metrics: metricsAddressIn(values),
    logLevel: values.LOG_LEVEL,
    temporal,
  });
}

/** Who takes no callbacks needs no secret of theirs. */
function receives(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env['EXTERNAL_API_CALLBACK_KEYS'] || env['EXTERNAL_API_CALLBACK_KEYS_FILE']);
}
