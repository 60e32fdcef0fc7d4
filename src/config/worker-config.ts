import { z } from 'zod';
import { isLoopback } from '../contract/loopback.ts';
import { load, readable } from './load.ts';
import { IDEMPOTENCIES, type Idempotency } from '../contract/values.ts';
import { logLevel, provider, type LogLevel } from './shared-variables.ts';
import type { TemporalConfig } from './temporal.ts';
import type { Profile } from '../profile/schema.ts';
import { variablesOf } from '../profile/credentials.ts';
import { clientSecretFileIn, credentialsOf, credentialVariables, profileIn } from './provider-profile.ts';
import { CALLBACK_VARIABLES, keysOfLinks, linksIn } from './callback-config.ts';
import type { SuspicionLimits } from '../contract/suspicions.ts';
import { SUSPICION_VARIABLES, suspicionLimitsIn } from './suspicion-config.ts';
import type { CallbackConfig } from '../callbacks/callback-links.ts';
import {
  hasRedis,
  namedSentinels,
  REDIS_VARIABLES,
  redisOf,
  type RedisConfig,
  sentinelsOfName,
} from './redis-config.ts';
import { DELIVERY_VARIABLES, deliveriesOf, secretsAreThere, type DeliveryConfig } from './delivery-config.ts';
import { belongTogether, certificates, privateKey } from './certificates.ts';
import { baseUrl, cipherKey, flag, host, integer, oneOf, port, proxyUrl, seconds, tokenUrl } from './schemas.ts';

/** Where the provider is, who we are to it, and how long one call may take. */
export interface ProviderConfig {
  readonly profile: Profile;
  readonly baseUrl: URL;
  /** By their names in the profile. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Undefined: as the profile says. */
  readonly tokenUrl: URL | undefined;
  /** Undefined: as the profile says. */
  readonly clientAuth: 'body' | 'basic' | undefined;
  readonly clientSecretFile: string | null;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
  readonly connectionAgeMs: number;
  /** May have credentials. */
  readonly proxy: URL | undefined;
  /** In PEM; each `undefined` when there is none. */
  readonly tls: Certificates & { readonly files: Certificates };
}

interface Certificates {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** How a request's calls are repeated. */
export interface CallPolicyConfig {
  /** Calls in all, the first one included. */
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly pollInitialMs: number;
  readonly pollMaxMs: number;
  /** As the profile says. */
  readonly pollEveryMs?: number;
  readonly idempotency: Idempotency;
  /** For how long the provider knows a key, as the profile says. */
  readonly keyMs?: number | undefined;
  /** Whether the provider is told of a cancellation. */
  readonly cancelCall: boolean;
}

/** How many calls may go out, and what closes the provider. */
export interface BudgetConfig {
  readonly limit: number;
  readonly windowMs: number;
  /** Calls in a row without an answer that mean an outage; 0: never. */
  readonly outageAfter: number;
  readonly probeMs: number;
  /** Whether what the provider says of its own limit is heeded. */
  readonly rateHeaders: boolean;
}

/** Answers that are kept. */
export interface AnswersConfig {
  /** 0: none is served from the cache. */
  readonly cacheTtlMs: number;
  readonly fallback: 'none' | 'cache';
  readonly fallbackMaxAgeMs: number;
}

export interface WorkerConfig {
  readonly provider: ProviderConfig;
  readonly budget: BudgetConfig;
  readonly answers: AnswersConfig;
  /** Null: everything is kept in this process. */
  readonly redis: RedisConfig | null;
  /** Encrypts the access token in Redis. Null: each process has its own token. */
  readonly tokenKey: Buffer | null;
  readonly calls: CallPolicyConfig;
  /** Null: providers get no URL to call. */
  readonly callbacks: CallbackConfig | null;
  readonly suspicions: SuspicionLimits;
  /** Null: this worker delivers no results to callers. */
  readonly deliveries: DeliveryConfig | null;
  /** Interactive requests that are kept in memory, and a quarter of them bulk ones; null: as many as the memory allows. */
  readonly cachedRequests: number | null;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly logLevel: LogLevel;
  readonly temporal: TemporalConfig;
}

// Where a variable has no default, the profile has it. 120 s and 15 s keep the four calls that one attempt may make (token, call, token, call) within its 10 minutes.
export const WORKER_VARIABLES = z
  .object({
    EXTERNAL_API_PROVIDER: provider,
    EXTERNAL_API_BASE_URL: baseUrl.optional(),
    EXTERNAL_API_ALLOW_HTTP: flag.default(false),
    EXTERNAL_OAUTH_TOKEN_URL: tokenUrl.optional(),
    EXTERNAL_OAUTH_CLIENT_AUTH: oneOf('body', 'basic').optional(),
    EXTERNAL_API_TIMEOUT: seconds({ min: 0.1, max: 120 }).default(30_000),
    EXTERNAL_API_CONNECT_TIMEOUT: seconds({ min: 0.1, max: 15 }).default(5_000),
    EXTERNAL_API_MAX_CONNECTIONS: integer({ min: 1, max: 10_000 }).default(64),
    EXTERNAL_API_CONNECTION_AGE: seconds({ min: 1, max: 86_400 }).default(300_000),
    EXTERNAL_API_PROXY_URL: proxyUrl.optional(),
    EXTERNAL_API_CA: certificates.optional(),
    EXTERNAL_API_CLIENT_CERT: certificates.optional(),
    EXTERNAL_API_CLIENT_KEY: privateKey.optional(),
    EXTERNAL_API_MAX_RETRIES: integer({ min: 1, max: 100 }).default(3),
    EXTERNAL_API_RETRY_DELAY: seconds({ min: 0.001, max: 60 }).default(1_000),
    EXTERNAL_API_POLL_INITIAL: seconds({ min: 0.01, max: 3600 }).default(1_000),
    EXTERNAL_API_POLL_MAX: seconds({ min: 0.01, max: 3600 }).default(60_000),
    EXTERNAL_API_IDEMPOTENCY: oneOf(...IDEMPOTENCIES).optional(),
    EXTERNAL_API_CANCEL_CALL: flag.optional(),
    EXTERNAL_API_RATE_LIMIT: integer({ min: 1, max: 1_000_000 }).optional(),
    EXTERNAL_API_RATE_WINDOW: seconds({ min: 0.1, max: 3600 }).optional(),
    EXTERNAL_API_RATE_HEADERS: oneOf('on', 'off').default('on'),
    EXTERNAL_API_FLEET_SIZE: integer({ min: 1, max: 1000 }).optional(),
    EXTERNAL_API_OUTAGE_AFTER: integer({ min: 0, max: 1000 }).default(10),
    EXTERNAL_API_OUTAGE_PROBE: seconds({ min: 0.1, max: 60 }).default(5_000),
    EXTERNAL_API_CACHE_TTL: seconds({ min: 0, max: 604_800 }).optional(),
    EXTERNAL_API_FALLBACK: oneOf('none', 'cache').default('none'),
    EXTERNAL_API_FALLBACK_MAX_AGE: seconds({ min: 1, max: 2_592_000 }).default(86_400_000),
    EXTERNAL_API_TOKEN_KEY: cipherKey.nullable().default(null),
    ...REDIS_VARIABLES,
    WORKER_CACHED_REQUESTS: integer({ min: 10, max: 10_000 }).nullable().default(null),
    ...CALLBACK_VARIABLES,
    ...SUSPICION_VARIABLES,
    ...DELIVERY_VARIABLES.shape,
    METRICS_HOST: host.default('127.0.0.1'),
    METRICS_PORT: port.default(9464),
    LOG_LEVEL: logLevel,
  })
  .refine(
    ({ EXTERNAL_API_BASE_URL: url, EXTERNAL_API_ALLOW_HTTP: allowed, EXTERNAL_API_PROXY_URL: proxy = url }) =>
      allowed ||
      url === undefined ||
      url.protocol === 'https:' ||
      (isLoopback(url.hostname) && isLoopback(proxy?.hostname ?? '')),
    {
      path: ['EXTERNAL_API_BASE_URL'],
      message:
        'must be https, because credentials travel in it. On a network that you trust as you trust this machine, ' +
        'set EXTERNAL_API_ALLOW_HTTP=true',
      when: readable('EXTERNAL_API_BASE_URL', 'EXTERNAL_API_ALLOW_HTTP', 'EXTERNAL_API_PROXY_URL'),
    },
  )
  .refine(({ EXTERNAL_API_POLL_INITIAL: initial, EXTERNAL_API_POLL_MAX: max }) => initial <= max, {
    path: ['EXTERNAL_API_POLL_MAX'],
    message: 'must be at least EXTERNAL_API_POLL_INITIAL (they are 60 and 1 seconds when unset)',
    when: readable('EXTERNAL_API_POLL_INITIAL', 'EXTERNAL_API_POLL_MAX'),
  })
  .refine(
    ({ EXTERNAL_API_CLIENT_CERT: cert, EXTERNAL_API_CLIENT_KEY: key }) => cert !== undefined || key === undefined,
    {
      path: ['EXTERNAL_API_CLIENT_CERT'],
      message: 'is required with EXTERNAL_API_CLIENT_KEY: the certificate of that key',
      when: readable('EXTERNAL_API_CLIENT_CERT', 'EXTERNAL_API_CLIENT_KEY'),
    },
  )
  .refine(
    ({ EXTERNAL_API_CLIENT_CERT: cert, EXTERNAL_API_CLIENT_KEY: key }) =>
      cert === undefined || (key !== undefined && belongTogether(cert, key)),
    {
      path: ['EXTERNAL_API_CLIENT_KEY'],
      message: 'must be the private key of the first certificate in EXTERNAL_API_CLIENT_CERT',
      when: readable('EXTERNAL_API_CLIENT_CERT', 'EXTERNAL_API_CLIENT_KEY'),
    },
  )
  .refine(...keysOfLinks)
  .refine(...secretsAreThere)
  .refine((values) => !hasRedis(values) || values.EXTERNAL_API_FLEET_SIZE !== undefined, {
    path: ['EXTERNAL_API_FLEET_SIZE'],
    message:
      'is required with REDIS_URL or REDIS_SENTINELS: the largest number of workers at once, those of a rollout included',
    when: readable('REDIS_URL', 'REDIS_SENTINELS', 'EXTERNAL_API_FLEET_SIZE'),
  })
  .refine(...namedSentinels)
  .refine(...sentinelsOfName);

/** What a worker of a provider reads. */
export function workerVariables(profile: Profile) {
  const { baseUrl: ownBaseUrl, submit } = profile;
  return WORKER_VARIABLES.safeExtend({
    EXTERNAL_API_BASE_URL: ownBaseUrl === undefined ? baseUrl : baseUrl.default(new URL(ownBaseUrl)),
    ...credentialVariables(profile),
  }).refine(({ EXTERNAL_API_IDEMPOTENCY: mode }) => mode !== 'key' || submit.keyHours !== undefined, {
    path: ['EXTERNAL_API_IDEMPOTENCY'],
    message: `must be none or resend: the profile ${profile.name} does not say for how long the provider knows a key (submit.keyHours)`,
    when: readable('EXTERNAL_API_IDEMPOTENCY'),
  });
}

/** @throws ConfigError */
export function loadWorkerConfig(env: NodeJS.ProcessEnv = process.env, profile = profileIn(env)): WorkerConfig {
  const { calls: limit, seconds: windowSeconds } = profile.limit ?? { calls: 1000, seconds: 60 };
  const { values, temporal } = load(env, workerVariables(profile), variablesOf(profile).calls);
  return Object.freeze({
    provider: Object.freeze({
      profile,
      baseUrl: values.EXTERNAL_API_BASE_URL,
      credentials: credentialsOf(profile, values),
      tokenUrl: values.EXTERNAL_OAUTH_TOKEN_URL,
      clientAuth: values.EXTERNAL_OAUTH_CLIENT_AUTH,
      clientSecretFile: clientSecretFileIn(env, profile),
      timeoutMs: values.EXTERNAL_API_TIMEOUT,
      connectTimeoutMs: values.EXTERNAL_API_CONNECT_TIMEOUT,
      maxConnections: values.EXTERNAL_API_MAX_CONNECTIONS,
      connectionAgeMs: values.EXTERNAL_API_CONNECTION_AGE,
      proxy: values.EXTERNAL_API_PROXY_URL,
      tls: Object.freeze({
        ca: values.EXTERNAL_API_CA,
        cert: values.EXTERNAL_API_CLIENT_CERT,
        key: values.EXTERNAL_API_CLIENT_KEY,
        files: Object.freeze({
          ca: env['EXTERNAL_API_CA_FILE'] || undefined,
          cert: env['EXTERNAL_API_CLIENT_CERT_FILE'] || undefined,
          key: env['EXTERNAL_API_CLIENT_KEY_FILE'] || undefined,
        }),
      }),
    }),
    calls: Object.freeze({
      maxRetries: values.EXTERNAL_API_MAX_RETRIES,
      retryDelayMs: values.EXTERNAL_API_RETRY_DELAY,
      pollInitialMs: values.EXTERNAL_API_POLL_INITIAL,
      pollMaxMs: values.EXTERNAL_API_POLL_MAX,
      pollEveryMs: (profile.poll.every ?? 0) * 1000,
      idempotency: values.EXTERNAL_API_IDEMPOTENCY ?? profile.submit.repeat,
      keyMs: profile.submit.keyHours && profile.submit.keyHours * 3_600_000,
      cancelCall: values.EXTERNAL_API_CANCEL_CALL ?? profile.cancel?.optIn === false,
    }),
    budget: Object.freeze({
      limit: values.EXTERNAL_API_RATE_LIMIT ?? limit,
      windowMs: values.EXTERNAL_API_RATE_WINDOW ?? windowSeconds * 1000,
      outageAfter: values.EXTERNAL_API_OUTAGE_AFTER,
      probeMs: values.EXTERNAL_API_OUTAGE_PROBE,
      rateHeaders: values.EXTERNAL_API_RATE_HEADERS === 'on',
    }),
    answers: Object.freeze({
      cacheTtlMs: values.EXTERNAL_API_CACHE_TTL ?? profile.cacheSeconds * 1000,
      fallback: values.EXTERNAL_API_FALLBACK,
      fallbackMaxAgeMs: values.EXTERNAL_API_FALLBACK_MAX_AGE,
    }),
    callbacks: linksIn(values),
    suspicions: suspicionLimitsIn(values),
    deliveries: deliveriesOf(values, env),
    redis: redisOf(values),
    tokenKey: values.EXTERNAL_API_TOKEN_KEY,
    cachedRequests: values.WORKER_CACHED_REQUESTS,
    metricsHost: values.METRICS_HOST,
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    temporal,
  });
}
