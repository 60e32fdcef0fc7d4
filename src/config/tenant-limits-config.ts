import { BODY_BYTES, LARGEST_BODY_BYTES } from '../contract/limits.ts';
import type { TenantLimits } from '../contract/tenant-limits.ts';
import { REDIS_VARIABLES, type RedisServer, redisServerOf, type RedisValues } from './redis-config.ts';
import { integer } from './schemas.ts';

const most = integer({ min: 1, max: 1_000_000 });

/** What callers may ask of a gateway. */
export const LIMIT_VARIABLES = {
  GATEWAY_BODY_LIMIT: integer({ min: 1_024, max: LARGEST_BODY_BYTES }).default(BODY_BYTES),
  GATEWAY_CALLS_PER_MINUTE: most.nullable().default(null),
  GATEWAY_REQUESTS_IN_FLIGHT: most.nullable().default(null),
  ...REDIS_VARIABLES,
};

interface LimitValues extends RedisValues {
  GATEWAY_CALLS_PER_MINUTE: number | null;
  GATEWAY_REQUESTS_IN_FLIGHT: number | null;
}

export function tenantLimitsIn(values: LimitValues): TenantLimits {
  const { GATEWAY_CALLS_PER_MINUTE: callsPerMinute, GATEWAY_REQUESTS_IN_FLIGHT: requestsInFlight } = values;
  return Object.freeze({ callsPerMinute, requestsInFlight });
}

/** Where calls are counted for all gateways; null: each counts for itself. */
export function countedIn(values: LimitValues): RedisServer | null {
  return values.GATEWAY_CALLS_PER_MINUTE === null ? null : redisServerOf(values);
}

/** Without the Redis of the workers, whose files this machine may not have, where nothing is counted in it. */
export function redisIfUsed(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['GATEWAY_CALLS_PER_MINUTE']) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('REDIS_')));
}
