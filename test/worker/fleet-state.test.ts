import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { scopeOf } from '../../src/worker/fleet-state.ts';

function scope(baseUrl: string, clientId = 'client', name = BUILT_IN.name): string {
  const credentials = { apiKey: 'key', clientId, clientSecret: 'secret' };
  return scopeOf({
    provider: {
      profile: { ...BUILT_IN, name },
      baseUrl: new URL(baseUrl),
      credentials,
      timeoutMs: 1,
      connectTimeoutMs: 1,
    },
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

test('[N13][M9] another profile has a limit of its own', () => {
  const [url, client] = ['https://provider.example/api', 'client'];
  expect(scope(url, client, 'renderer')).not.toBe(scope(url));
});

test('[M9] the built-in profile counts where it always did', () => {
  const account = createHash('sha256').update('https://provider.example/api/ client').digest('hex');
  expect(scope('https://provider.example/api')).toBe(account.slice(0, 16));
});
