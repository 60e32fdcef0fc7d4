import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const [A, B, C] = [sha256('a'), sha256('b'), sha256('c')];

test('[M8] the gateway needs no variable on a developer machine: loopback, and no authentication', () => {
  expect(loadGatewayConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    syncWaitMs: 25_000,
    apiKeys: null,
    apiKeysFile: null,
    tokens: null,
    requestDeadlineMs: 3_600_000,
    unknownHoldMs: undefined,
    logLevel: 'info',
  });
});

test('[M8][N1] the gateway reads the hold of unknown outcomes, in seconds', () => {
  expect(loadGatewayConfig({ EXTERNAL_API_UNKNOWN_HOLD: '90' }).unknownHoldMs).toBe(90_000);
});

test('[N13][M8] the gateway has the provider that the workers have, by the name in its profile', () => {
  expect(loadGatewayConfig({}).provider).toBe('data-processing-v2.1');
  expect(loadGatewayConfig({ EXTERNAL_API_PROVIDER: 'replicate' }).provider).toBe('replicate');
  expect(() => loadGatewayConfig({ EXTERNAL_API_PROVIDER: 'replicat' })).toThrow(
    'EXTERNAL_API_PROVIDER names no usable profile',
  );
});

test('[M8] the gateway asks for none of the provider credentials', () => {
  expect(() => loadGatewayConfig({ EXTERNAL_API_KEY: 'not valid', EXTERNAL_API_BASE_URL: 'x' })).not.toThrow();
});

describe('caller keys', () => {
  test('[M17] several tenants, and several keys of one tenant', () => {
    const { apiKeys } = loadGatewayConfig({ GATEWAY_API_KEYS: `acme:${A}, acme:${B.toUpperCase()},\nother:${C},` });
    expect([...(apiKeys ?? [])]).toEqual([
      [A, { tenant: 'acme', expiresAt: null }],
      [B, { tenant: 'acme', expiresAt: null }],
      [C, { tenant: 'other', expiresAt: null }],
    ]);
  });

  test('[M17] a key may expire', () => {
    const { apiKeys } = loadGatewayConfig({ GATEWAY_API_KEYS: `acme:${A}:2027-01-01T00:00:00Z\nacme:${B}` });
    expect([...(apiKeys?.values() ?? [])].map(({ expiresAt }) => expiresAt)).toEqual([Date.UTC(2027, 0, 1), null]);
  });

  test.each([
    ['in production', { NODE_ENV: 'production' }],
    ['away from loopback', { GATEWAY_HOST: '0.0.0.0' }],
    ['on a named host', { GATEWAY_HOST: 'gateway.internal' }],
  ])('[M16] without caller keys the gateway does not start %s', (_, env) => {
    expect(() => loadGatewayConfig(env)).toThrow('GATEWAY_API_KEYS is required in production');
    expect(() => loadGatewayConfig({ ...env, GATEWAY_API_KEYS: `acme:${A}` })).not.toThrow();
  });

  test.each([
    ['the key itself', 'canary-key', /entry 2 has no colon/],
    ['a tenant with the key itself', 'acme:canary-key', /entry 2 has no SHA-256/],
    ['a bad tenant name', `canary tenant:${B}`, /entry 2 has a bad tenant name/],
    ['a day that there is not', `acme:${B}:2027-02-30T00:00:00Z`, /entry 2 has a bad expiry/],
    ['a day without a time', `acme:${B}:2027-02-01`, /entry 2 has a bad expiry/],
    ['the key itself as an expiry', `acme:${B}:canary`, /entry 2 has a bad expiry/],
    ['a key that another tenant has', `canary:${A}`, /entry 2 repeats the key/],
  ])('[M16][N7] %s in GATEWAY_API_KEYS is named by its position alone', (_, entry, message) => {
    const load = () => loadGatewayConfig({ GATEWAY_API_KEYS: `acme:${A},${entry}` });
    expect(load).toThrow(message);
    expect(load).not.toThrow(/canary/);
  });

  test('[M16] a list without entries is not the same as no list', () => {
    expect(() => loadGatewayConfig({ GATEWAY_API_KEYS: ' , ' })).toThrow('GATEWAY_API_KEYS has no entry');
  });
});

test.each([
  ['GATEWAY_PORT', '99999'],
  ['GATEWAY_SYNC_WAIT', '-1'],
  ['GATEWAY_HOST', 'http://x'],
  ['EXTERNAL_API_REQUEST_DEADLINE', '0'],
  ['EXTERNAL_API_UNKNOWN_HOLD', '2592001'],
])('[M8] %s=%s is refused by name', (variable, value) => {
  expect(() => loadGatewayConfig({ [variable]: value })).toThrow(variable);
});
