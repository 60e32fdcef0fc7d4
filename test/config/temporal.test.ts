import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTemporalConfig } from '../../src/config/temporal.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';

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
  expect(loadTemporalConfig({})).toEqual({
    temporal: {
      connectionOptions: {},
      namespace: 'default',
      addressFrom: 'the default: TEMPORAL_ADDRESS is not set',
    },
    problems: [],
  });
});

test('[M8] the environment wins over the configuration file', () => {
  const path = file('good.toml', '[profile.default]\naddress = "file:7233"\nnamespace = "from-file"\n');
  expect(loadTemporalConfig({ TEMPORAL_CONFIG_FILE: path, TEMPORAL_ADDRESS: 'env:7233' }).temporal).toEqual({
    connectionOptions: { address: 'env:7233' },
    namespace: 'from-file',
    addressFrom: 'from TEMPORAL_ADDRESS',
  });
});

test('[M8] it is told where the address was taken from', () => {
  const path = file('address.toml', '[profile.default]\naddress = "file:7233"\n');
  const { temporal } = loadTemporalConfig({ TEMPORAL_CONFIG_FILE: path });
  expect(temporal).toMatchObject({ addressFrom: 'from the Temporal configuration file' });
});

test('[M8] an API key turns TLS on', () => {
  const { temporal } = loadTemporalConfig({ TEMPORAL_ADDRESS: 'cloud:7233', TEMPORAL_API_KEY: 'k' });
  expect(temporal?.connectionOptions).toEqual({ address: 'cloud:7233', apiKey: 'k', tls: true });
});

test.each([
  ['TEMPORAL_ADDRESS', { TEMPORAL_ADDRESS: 'http://localhost:7233' }],
  ['TEMPORAL_ADDRESS', { TEMPORAL_ADDRESS: 'localhost:99999' }],
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

describe('certificates and keys of TLS', () => {
  const { cert, key } = createSelfSignedCertificate();
  const other = createSelfSignedCertificate();
  const junk = `${cert}-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n`;
  const CA = 'TEMPORAL_TLS_SERVER_CA_CERT';
  const CERT = 'TEMPORAL_TLS_CLIENT_CERT';
  const KEY = 'TEMPORAL_TLS_CLIENT_KEY';

  const named = (env: Record<string, string>): string[] => {
    const { problems } = loadTemporalConfig(env);
    expect(JSON.stringify(problems)).not.toContain('canary');
    return problems.map(({ variable }) => variable);
  };

  test.each<[string, Record<string, string>, string[]]>([
    ['good ones are taken', { [`${CA}_DATA`]: cert + other.cert, [`${CERT}_DATA`]: cert, [`${KEY}_DATA`]: key }, []],
    ['no certificate at all', { [`${CA}_DATA`]: 'canary' }, [`${CA}_DATA`]],
    ['a good one beside one that cannot be read', { [`${CA}_DATA`]: junk }, [`${CA}_DATA`]],
    ['one that is cut off', { [`${CA}_DATA`]: cert.slice(0, 300) }, [`${CA}_DATA`]],
    [
      'a client certificate that is none, and a key that is none',
      { [`${CERT}_DATA`]: 'canary', [`${KEY}_DATA`]: 'canary' },
      [`${CERT}_DATA`, `${KEY}_DATA`],
    ],
    ['the key of another', { [`${CERT}_DATA`]: cert, [`${KEY}_DATA`]: other.key }, [`${KEY}_DATA`]],
  ])('[M8][N7] %s: what cannot be read is named, and no content', (_title, env, variables) => {
    expect(named(env)).toEqual(variables);
  });

  test('[M8][N7] a file is named by its variable, or by the file that names it', () => {
    const path = file('junk.pem', 'canary');
    expect(named({ [`${CA}_PATH`]: path })).toEqual([`${CA}_PATH`]);
    const toml = file('tls.toml', `[profile.default.tls]\nserver_ca_cert_path = "${path}"\n`);
    expect(named({ TEMPORAL_CONFIG_FILE: toml })).toEqual(['TEMPORAL_CONFIG_FILE']);
  });

  test('[M8] a folder in place of a file is named by its variable', () => {
    expect(named({ [`${CA}_PATH`]: tmpdir() })).toEqual([`${CA}_PATH`]);
    expect(named({ TEMPORAL_CONFIG_FILE: tmpdir() })).toEqual(['TEMPORAL_CONFIG_FILE']);
  });
});
