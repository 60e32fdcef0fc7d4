import { readable } from './load.ts';

/** What the workers of a fleet share. */
export interface RedisConfig {
  readonly url: string;
  /** Certificates (PEM) to trust instead of those of Node.js; null: those. */
  readonly ca: string | null;
  /** Who knows where the master is; null: it is where the URL says. */
  readonly sentinels: { readonly nodes: readonly { host: string; port: number }[]; readonly name: string } | null;
  /** The most workers that ever run at once. */
  readonly fleetSize: number;
}

interface RedisValues {
  REDIS_URL?: string | undefined;
  REDIS_CA_FILE?: string | undefined;
  REDIS_SENTINELS?: { host: string; port: number }[] | undefined;
  REDIS_SENTINEL_NAME?: string | undefined;
  EXTERNAL_API_FLEET_SIZE?: number | undefined;
}

/** That one variable is required with another. */
export function needs(variable: string, other: string, expected: string) {
  return { path: [variable], message: `is required with ${other}: ${expected}`, when: readable(variable, other) };
}

export function hasRedis({ REDIS_URL, REDIS_SENTINELS }: { REDIS_URL?: unknown; REDIS_SENTINELS?: unknown }): boolean {
  return REDIS_URL !== undefined || REDIS_SENTINELS !== undefined;
}

/** Null: there is none, and everything is kept in the process. */
export function redisOf(values: RedisValues): RedisConfig | null {
  const { EXTERNAL_API_FLEET_SIZE: fleetSize, REDIS_CA_FILE: ca = null } = values;
  if (!hasRedis(values) || fleetSize === undefined) return null;
  const { REDIS_SENTINELS: nodes, REDIS_SENTINEL_NAME: name } = values;
  const sentinels = nodes === undefined || name === undefined ? null : Object.freeze({ nodes, name });
  return Object.freeze({ url: values.REDIS_URL ?? 'redis://sentinels', ca, sentinels, fleetSize });
}
