import { describe, expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';

const ALL = {
  GATEWAY_CALLS_PER_MINUTE: '600',
  GATEWAY_REQUESTS_IN_FLIGHT: '20',
  GATEWAY_BODY_LIMIT: '65536',
  REDIS_URL: 'rediss://user:secret@redis.example.com:6380/1',
};

test('[M8][M16] by default no tenant is limited, and a body has at most 1 MiB', () => {
  expect(loadGatewayConfig({})).toMatchObject({
    limits: { callsPerMinute: null, requestsInFlight: null },
    bodyLimit: 1_048_576,
    redis: null,
  });
});

test('[M8][M16] the limits of a tenant are read, and where its calls are counted', () => {
  expect(loadGatewayConfig(ALL)).toMatchObject({
    limits: { callsPerMinute: 600, requestsInFlight: 20 },
    bodyLimit: 65_536,
    redis: { url: ALL.REDIS_URL, ca: null, sentinels: null },
  });
  const { redis } = loadGatewayConfig({
    GATEWAY_CALLS_PER_MINUTE: '600',
    REDIS_SENTINELS: 'redis-1:26379',
    REDIS_SENTINEL_NAME: 'mymaster',
  });
  expect(redis?.sentinels).toEqual({ nodes: [{ host: 'redis-1', port: 26_379 }], name: 'mymaster' });
});

test('[M8] the Redis of the workers, in an environment that all share, is read only where calls are counted in it', () => {
  const workers = {
    REDIS_URL: 'redis://127.0.0.1',
    REDIS_CA_FILE: '/only/at/the/workers',
    EXTERNAL_API_FLEET_SIZE: '2',
  };
  expect(loadGatewayConfig({ ...workers, GATEWAY_REQUESTS_IN_FLIGHT: '20' }).redis).toBeNull();
  expect(() => loadGatewayConfig({ ...workers, GATEWAY_CALLS_PER_MINUTE: '600' })).toThrow('REDIS_CA_FILE');
});

describe('bad limits', () => {
  test.each([
    ['GATEWAY_CALLS_PER_MINUTE', '0'],
    ['GATEWAY_CALLS_PER_MINUTE', '1.5'],
    ['GATEWAY_REQUESTS_IN_FLIGHT', '1000001'],
    ['GATEWAY_BODY_LIMIT', '1023'],
    ['GATEWAY_BODY_LIMIT', '1MiB'],
    ['GATEWAY_BODY_LIMIT', '2097153'],
    ['REDIS_URL', 'http://127.0.0.1'],
    ['REDIS_SENTINEL_NAME', 'mymaster'],
  ])('[M8] %s=%s is refused by its name', (name, value) => {
    const named = name === 'REDIS_SENTINEL_NAME' ? 'REDIS_SENTINELS is required with' : `${name} must be`;
    expect(() => loadGatewayConfig({ ...ALL, [name]: value })).toThrow(named);
  });
});
