import { z } from 'zod';
import type { TargetRules } from '../callbacks/target.ts';
import { saidBy } from '../contract/address.ts';
import { TARGET_VARIABLES, targetsOf } from './delivery-config.ts';
import { load } from './load.ts';
import { providerNameIn } from './provider-profile.ts';
import { provider, requestDeadline, unknownHold, workerUrl } from './shared-variables.ts';
import type { TemporalConfig } from './temporal.ts';

/** What it takes to start and read requests: the command line's configuration. */
export interface ClientConfig {
  /** The name of the profile that the workers have. */
  readonly provider: string;
  /** Where results may be delivered. */
  readonly targets: TargetRules;
  readonly requestDeadlineMs: number;
  readonly unknownHoldMs: number | undefined;
  readonly workerUrl: URL;
  /** Where that was taken from, for a person. */
  readonly workerUrlFrom: string;
  readonly temporal: TemporalConfig;
}

export const CLIENT_VARIABLES = z.object({
  ...TARGET_VARIABLES.shape,
  EXTERNAL_API_PROVIDER: provider,
  EXTERNAL_API_REQUEST_DEADLINE: requestDeadline,
  EXTERNAL_API_UNKNOWN_HOLD: unknownHold,
  EXTERNAL_API_WORKER_URL: workerUrl,
});

/** @throws ConfigError */
export function loadClientConfig(env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const { values, temporal } = load(env, CLIENT_VARIABLES);
  return Object.freeze({
    provider: providerNameIn(env),
    targets: targetsOf(values),
    requestDeadlineMs: values.EXTERNAL_API_REQUEST_DEADLINE,
    unknownHoldMs: values.EXTERNAL_API_UNKNOWN_HOLD,
    workerUrl: values.EXTERNAL_API_WORKER_URL,
    workerUrlFrom: saidBy('EXTERNAL_API_WORKER_URL', env),
    temporal,
  });
}
