import { describe, expect, test } from 'vitest';
import { loadClientConfig } from '../../src/config/client-config.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { problemsOf, REQUIRED } from './good-variables.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';

describe('values', () => {
  test('[M8] the four required variables are enough, and the rest have the defaults of the contract', () => {
    const config = loadWorkerConfig(REQUIRED);
    expect(config.provider).toEqual({
      baseUrl: new URL('https://api.example.com/v2.1'),
      profile: BUILT_IN,
      credentials: { apiKey: 'canary-key-7f3a', clientId: 'client-1', clientSecret: 'canary-secret-9b2c' },
      tokenUrl: undefined,
      clientAuth: undefined,
      clientSecretFile: null,
      timeoutMs: 30_000,
      connectTimeoutMs: 5_000,
      maxConnections: 64,
      connectionAgeMs: 300_000,
      tls: { files: {} },
    });
    expect(config.calls).toEqual({
      maxRetries: 3,
      retryDelayMs: 1_000,
      pollInitialMs: 1_000,
      pollMaxMs: 60_000,
      pollEveryMs: 0,
      keyMs: 86_400_000,
      idempotency: 'none',
      cancelCall: false,
    });
    expect(config.budget).toEqual({
      limit: 1000,
      windowMs: 60_000,
      outageAfter: 10,
      probeMs: 5_000,
      rateHeaders: true,
    });
    expect(config.answers).toEqual({ cacheTtlMs: 300_000, fallback: 'none', fallbackMaxAgeMs: 86_400_000 });
    expect(config).toMatchObject({ redis: null, tokenKey: null });
    expect(config).toMatchObject({
      metricsHost: '127.0.0.1',
      metricsPort: 9464,
      logLevel: 'info',
      cachedRequests: null,
    });
    expect(loadClientConfig({})).toMatchObject({ requestDeadlineMs: 3_600_000, unknownHoldMs: undefined });
  });

  test('[M8] seconds may have decimals and become whole milliseconds', () => {
    const { provider, calls } = loadWorkerConfig({
      ...REQUIRED,
      EXTERNAL_API_TIMEOUT: '0.25',
      EXTERNAL_API_RETRY_DELAY: '1.0005',
      EXTERNAL_API_MAX_RETRIES: '5',
    });
    expect([provider.timeoutMs, calls.retryDelayMs, calls.maxRetries]).toEqual([250, 1001, 5]);
  });

  test('[M8][N11] the provider has a cancel call only if the configuration says so', () => {
    expect(loadWorkerConfig({ ...REQUIRED, EXTERNAL_API_CANCEL_CALL: 'true' }).calls.cancelCall).toBe(true);
  });

  test('[M8][N1] the hold of unknown outcomes is in seconds, and until the deadline when unset', () => {
    expect(loadClientConfig({ EXTERNAL_API_UNKNOWN_HOLD: '600' }).unknownHoldMs).toBe(600_000);
    expect(loadClientConfig({ EXTERNAL_API_UNKNOWN_HOLD: '' }).unknownHoldMs).toBeUndefined();
    expect(problemsOf({ EXTERNAL_API_UNKNOWN_HOLD: '10m' }, loadClientConfig)).toMatchObject([
      {
        variable: 'EXTERNAL_API_UNKNOWN_HOLD',
        problem: expect.stringMatching(/^must be a number of seconds from 1 to/),
      },
    ]);
  });

  test('[M8] an empty variable counts as unset', () => {
    expect(loadWorkerConfig({ ...REQUIRED, EXTERNAL_API_TIMEOUT: '', LOG_LEVEL: '' }).provider.timeoutMs).toBe(30_000);
    expect(problemsOf({ EXTERNAL_API_KEY: '' })).toMatchObject([{ variable: 'EXTERNAL_API_KEY' }]);
  });

  test('[M8] a configuration cannot be changed after it was loaded', () => {
    const config = loadWorkerConfig(REQUIRED);
    const parts = [
      config,
      config.provider,
      config.provider.credentials,
      config.calls,
      config.temporal.connectionOptions,
    ];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  test.each([
    ['EXTERNAL_API_TIMEOUT', '0'],
    ['EXTERNAL_API_RATE_LIMIT', '0'],
    ['EXTERNAL_API_RATE_LIMIT', '-1'],
    ['EXTERNAL_API_RATE_LIMIT', '1.5'],
    ['EXTERNAL_API_RATE_LIMIT', 'many'],
    ['EXTERNAL_API_RATE_WINDOW', '0'],
    ['EXTERNAL_API_FLEET_SIZE', '0'],
    ['EXTERNAL_API_OUTAGE_AFTER', '-1'],
    ['EXTERNAL_API_OUTAGE_PROBE', '0'],
    ['EXTERNAL_API_CACHE_TTL', '-1'],
    ['EXTERNAL_API_FALLBACK', 'maybe'],
    ['EXTERNAL_API_FALLBACK_MAX_AGE', '0'],
    ['EXTERNAL_API_TOKEN_KEY', 'c2hvcnQ='],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'http://localhost:6379'],
    ['REDIS_SENTINELS', '127.0.0.1'],
    ['REDIS_SENTINELS', '127.0.0.1:26379,'],
    ['REDIS_SENTINELS', 'redis://127.0.0.1:26379'],
    ['REDIS_SENTINELS', '127.0.0.1:70000'],
    ['EXTERNAL_API_TIMEOUT', '1e3'],
    ['EXTERNAL_API_TIMEOUT', '-1'],
    ['EXTERNAL_API_TIMEOUT', '30s'],
    ['EXTERNAL_API_TIMEOUT', 'Infinity'],
    ['EXTERNAL_API_TIMEOUT', '121'],
    ['EXTERNAL_API_MAX_RETRIES', '0'],
    ['EXTERNAL_API_MAX_RETRIES', '2.5'],
    ['EXTERNAL_API_RETRY_DELAY', '61'],
    ['EXTERNAL_API_CONNECT_TIMEOUT', 'x'],
    ['EXTERNAL_API_MAX_CONNECTIONS', '0'],
    ['EXTERNAL_API_CONNECTION_AGE', '0'],
    ['EXTERNAL_API_CONNECTION_AGE', '5m'],
    ['EXTERNAL_API_PROXY_URL', 'proxy.example.com:3128'],
    ['EXTERNAL_API_PROXY_URL', 'socks5://proxy.example.com:1080'],
    ['EXTERNAL_API_PROXY_URL', 'http://proxy.example.com:3128/path'],
    ['EXTERNAL_API_PROXY_URL', 'http://user:%E0%A4@proxy.example.com:3128'],
    ['EXTERNAL_API_CA', 'junk'],
    ['EXTERNAL_API_CA', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['EXTERNAL_API_POLL_INITIAL', '0'],
    ['EXTERNAL_API_POLL_MAX', '3601'],
    ['EXTERNAL_API_IDEMPOTENCY', 'yes'],
    ['EXTERNAL_API_ALLOW_HTTP', 'TRUE'],
    ['EXTERNAL_API_CANCEL_CALL', '1'],
    ['EXTERNAL_OAUTH_CLIENT_AUTH', 'header'],
    ['EXTERNAL_API_KEY', 'two words'],
    ['EXTERNAL_API_KEY', 'line\nbreak'],
    ['METRICS_PORT', '65536'],
    ['WORKER_CACHED_REQUESTS', '9'],
    ['METRICS_HOST', '127.0.0.1:9464'],
    ['LOG_LEVEL', 'verbose'],
    ['EXTERNAL_API_BASE_URL', 'api.example.com'],
    ['EXTERNAL_API_BASE_URL', 'ftp://api.example.com'],
    ['EXTERNAL_API_BASE_URL', 'https://user:pass@api.example.com'],
    ['EXTERNAL_API_BASE_URL', 'https://user@api.example.com'],
    ['EXTERNAL_API_BASE_URL', 'https://:pass@api.example.com'],
    ['EXTERNAL_API_BASE_URL', 'https://api.example.com/?'],
    ['EXTERNAL_API_BASE_URL', 'https://api.example.com/#x'],
  ])('[M8] %s=%j is refused by name', (variable, value) => {
    const problems = problemsOf({ [variable]: value });
    expect(problems).toMatchObject([{ variable, problem: expect.stringMatching(/^must be /) }]);
  });

  test('[M8][M9] sentinels and the name of their master belong together, and make a fleet', () => {
    const sentinels = { REDIS_SENTINELS: 'redis-1:26379, [::1]:26380', REDIS_SENTINEL_NAME: 'mymaster' };
    expect(loadWorkerConfig({ ...REQUIRED, ...sentinels, EXTERNAL_API_FLEET_SIZE: '2' }).redis).toEqual({
      url: 'redis://sentinels',
      ca: null,
      fleetSize: 2,
      sentinels: {
        name: 'mymaster',
        nodes: [
          { host: 'redis-1', port: 26_379 },
          { host: '::1', port: 26_380 },
        ],
      },
    });
    const missing = (env: Record<string, string>) => problemsOf(env).map(({ variable }) => variable);
    expect(missing(sentinels)).toEqual(['EXTERNAL_API_FLEET_SIZE']);
    const fleet = { EXTERNAL_API_FLEET_SIZE: '2', REDIS_URL: 'redis://:secret@any' };
    expect(missing({ ...fleet, REDIS_SENTINELS: 'redis-1:26379' })).toEqual(['REDIS_SENTINEL_NAME']);
    expect(missing({ ...fleet, REDIS_SENTINEL_NAME: 'mymaster' })).toEqual(['REDIS_SENTINELS']);
  });

  test('[M8] a poll delay that starts above its maximum is refused, whatever else is wrong', () => {
    const problems = problemsOf({ EXTERNAL_API_POLL_INITIAL: '90', EXTERNAL_API_KEY: '' });
    expect(problems.map(({ variable }) => variable)).toEqual(['EXTERNAL_API_KEY', 'EXTERNAL_API_POLL_MAX']);
  });
});

describe('credentials on the wire', () => {
  test.each([
    ['http://api.example.com', undefined, false],
    ['http://10.0.0.1', 'false', false],
    ['http://128.0.0.1', undefined, false],
    ['http://localhost.example.com', undefined, false],
    ['http://api.example.com', 'true', true],
    ['http://localhost:8089', undefined, true],
    ['http://127.0.0.2:8089', undefined, true],
    ['http://[::1]:8089', undefined, true],
    ['https://api.example.com', undefined, true],
  ])('[M18] base URL %s with EXTERNAL_API_ALLOW_HTTP=%s: accepted is %s', (url, allow, accepted) => {
    const problems = problemsOf({ EXTERNAL_API_BASE_URL: url, EXTERNAL_API_ALLOW_HTTP: allow });
    expect(problems.map(({ variable }) => variable)).toEqual(accepted ? [] : ['EXTERNAL_API_BASE_URL']);
  });
});

test.each([
  ['http://proxy.example.com:3128', undefined, false],
  ['http://127.0.0.1:3128', undefined, true],
  ['http://proxy.example.com:3128', 'true', true],
])(
  '[M18] a plain provider on this machine, by way of %s, EXTERNAL_API_ALLOW_HTTP=%s: accepted is %s',
  (proxy, allow, accepted) => {
    const problems = problemsOf({
      EXTERNAL_API_BASE_URL: 'http://localhost:8089',
      EXTERNAL_API_PROXY_URL: proxy,
      EXTERNAL_API_ALLOW_HTTP: allow,
    });
    expect(problems.map(({ variable }) => variable)).toEqual(accepted ? [] : ['EXTERNAL_API_BASE_URL']);
  },
);

describe('messages', () => {
  test('[M8][N7] every bad variable is named in one error, and no value is repeated', () => {
    const env = {
      EXTERNAL_API_BASE_URL: 'http://canary-host-1/',
      EXTERNAL_API_KEY: 'canary key 2',
      EXTERNAL_API_TIMEOUT: 'canary-3',
      EXTERNAL_API_IDEMPOTENCY: 'canary-4',
      LOG_LEVEL: 'canary-5',
      TEMPORAL_ADDRESS: 'http://canary-6',
      TEMPORAL_PROFILE: 'canary-7',
    };
    const load = () => loadWorkerConfig(env);
    for (const name of [...Object.keys(env), 'EXTERNAL_OAUTH_CLIENT_ID', 'EXTERNAL_OAUTH_CLIENT_SECRET']) {
      expect(load).toThrow(name);
    }
    expect(load).not.toThrow(/canary/);
  });

  test('[M8] a missing variable says that it is required and what it is', () => {
    expect(problemsOf({ EXTERNAL_API_BASE_URL: undefined })[0]?.problem).toMatch(/^is required: an absolute URL/);
  });
});
