import { readable } from './load.ts';
import { addresses, credential, EXPECTED_ADDRESSES, pemFile, redisUrl } from './schemas.ts';

/** Where a Redis is. */
export interface RedisServer {
  readonly url: string;
  /** Certificates (PEM) to trust instead of those of Node.js; null: those. */
  readonly ca: string | null;
  /** Who knows where the master is; null: it is where the URL says. */
  readonly sentinels: { readonly nodes: readonly { host: string; port: number }[]; readonly name: string } | null;
}

/** What the workers of a fleet share. */
export interface RedisConfig extends RedisServer {
  /** The most workers that ever run at once. */
  readonly fleetSize: number;
}

export const REDIS_VARIABLES = {
  REDIS_URL: redisUrl.optional(),
  REDIS_CA_FILE: pemFile.optional(),
  REDIS_SENTINELS: addresses.optional(),
  REDIS_SENTINEL_NAME: credential.optional(),
};

export interface RedisValues {
  REDIS_URL?: string | undefined;
  REDIS_CA_FILE?: string | undefined;
  REDIS_SENTINELS?: { host: string; port: number }[] | undefined;
  REDIS_SENTINEL_NAME?: string | undefined;
}

type Sentinels = Pick<RedisValues, 'REDIS_SENTINELS' | 'REDIS_SENTINEL_NAME'>;

/** That one variable is required with another. */
function needs(variable: string, other: string, expected: string) {
  return { path: [variable], message: `is required with ${other}: ${expected}`, when: readable(variable, other) };
}

export function hasRedis({ REDIS_URL, REDIS_SENTINELS }: { REDIS_URL?: unknown; REDIS_SENTINELS?: unknown }): boolean {
  return REDIS_URL !== undefined || REDIS_SENTINELS !== undefined;
}

export const namedSentinels = [
  ({ REDIS_SENTINELS: nodes, REDIS_SENTINEL_NAME: name }: Sentinels) => nodes === undefined || name !== undefined,
  needs('REDIS_SENTINEL_NAME', 'REDIS_SENTINELS', 'what the sentinels call their master, such as mymaster'),
] as const;

export const sentinelsOfName = [
  ({ REDIS_SENTINELS: nodes, REDIS_SENTINEL_NAME: name }: Sentinels) => name === undefined || nodes !== undefined,
  needs('REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', EXPECTED_ADDRESSES),
] as const;

/** Null: there is none, and everything is kept in the process. */
export function redisServerOf(values: RedisValues): RedisServer | null {
  if (!hasRedis(values)) return null;
  const { REDIS_URL: url = 'redis://sentinels', REDIS_CA_FILE: ca = null } = values;
  const { REDIS_SENTINELS: nodes, REDIS_SENTINEL_NAME: name } = values;
  const sentinels = nodes === undefined || name === undefined ? null : Object.freeze({ nodes, name });
  return Object.freeze({ url, ca, sentinels });
}

/** That of a fleet. */
export function redisOf(values: RedisValues & { EXTERNAL_API_FLEET_SIZE?: number | undefined }): RedisConfig | null {
  const { EXTERNAL_API_FLEET_SIZE: fleetSize } = values;
  const server = redisServerOf(values);
  return server === null || fleetSize === undefined ? null : Object.freeze({ ...server, fleetSize });
}
