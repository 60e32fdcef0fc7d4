import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTemporalConfig } from '../../src/config/temporal.ts';

let folder: string;
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('[M8] without TEMPORAL_* the address is left to the SDK and the namespace is default', () => {
  expect(loadTemporalConfig({})).toEqual({ temporal: { connectionOptions: {}, namespace: 'default' }, problems: [] });
});

test('[M8] the environment wins over the configuration file', () => {
  const path = file('good.toml', '[profile.default]\naddress = "file:7233"\nnamespace = "from-file"\n');
  expect(loadTemporalConfig({ TEMPORAL_CONFIG_FILE: path, TEMPORAL_ADDRESS: 'env:7233' }).temporal).toEqual({
    connectionOptions: { address: 'env:7233' },
    namespace: 'from-file',
  });
});

test('[M8] an API key turns TLS on', () => {
  const { temporal } = loadTemporalConfig({ TEMPORAL_ADDRESS: 'cloud:7233', TEMPORAL_API_KEY: 'k' });
  expect(temporal?.connectionOptions).toEqual({ address: 'cloud:7233', apiKey: 'k', tls: true });
});

test.each([
  ['TEMPORAL_ADDRESS', { TEMPORAL_ADDRESS: 'http://localhost:7233' }],
  ['TEMPORAL_TLS', { TEMPORAL_TLS: 'yes' }],
  ['TEMPORAL_PROFILE', { TEMPORAL_PROFILE: 'canary' }],
  ['TEMPORAL_TLS_CLIENT_CERT_DATA', { TEMPORAL_TLS_CLIENT_CERT_DATA: 'canary' }],
  ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }],
  [
    'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem', TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'canary' },
  ],
])('[M8][N7] %s is named when it is wrong, without its value: %j', (variable, env) => {
  const { problems } = loadTemporalConfig(env);
  expect(problems.map((problem) => problem.variable)).toEqual([variable]);
  expect(JSON.stringify(problems)).not.toContain('canary');
});

test.each([
  ['not TOML', '[profile.default]\napi_key = "canary\n', /not valid TOML \(line 2\)/],
  ['no profile table', 'canary = 1\n', /not a Temporal client configuration/],
])('[M8][N7] a configuration file with %s is named without its content', (_, content, problem) => {
  const { problems } = loadTemporalConfig({ TEMPORAL_CONFIG_FILE: file('bad.toml', content) });
  expect(problems).toEqual([{ variable: 'TEMPORAL_CONFIG_FILE', problem: expect.stringMatching(problem) }]);
  expect(JSON.stringify(problems)).not.toContain('canary');
});

test('[M8] a configuration file that does not exist is a problem when it was named', () => {
  const { problems } = loadTemporalConfig({ TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' });
  expect(problems).toMatchObject([{ variable: 'TEMPORAL_CONFIG_FILE' }]);
});
