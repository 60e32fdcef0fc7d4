import { expect, test } from 'vitest';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { scopeOf } from '../../src/worker/fleet-state.ts';

function scope(baseUrl: string, clientId = 'client'): string {
  const credentials = { apiKey: 'key', clientId, clientSecret: 'secret' };
  return scopeOf({
    provider: { profile: BUILT_IN, baseUrl: new URL(baseUrl), credentials, timeoutMs: 1, connectTimeoutMs: 1 },
  });
}

test.each([
  ['https://provider.example', 'https://provider.example/'],
  ['https://provider.example/api', 'https://provider.example/api/'],
  ['https://provider.example/api', 'https://Provider.Example:443/api//'],
])('[M9][N3] one provider has one limit, however its URL is spelt: %s and %s', (one, other) => {
  expect(scope(one)).toBe(scope(other));
});

test.each([
  ['another path', 'https://provider.example/api/v2', 'client'],
  ['another port', 'https://provider.example:8443/api', 'client'],
  ['another account', 'https://provider.example/api', 'other'],
])('[M9] %s has a limit of its own', (_, url, clientId) => {
  expect(scope(url, clientId)).not.toBe(scope('https://provider.example/api'));
});
