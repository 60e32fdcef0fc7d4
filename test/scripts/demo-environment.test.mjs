import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { demoEnvironment } from '../../scripts/lib/demo-environment.mjs';

const configuration = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
/** Every variable of ours: what the page lists is what src/config reads (test/documentation.test.ts). */
const VARIABLES = [...configuration.matchAll(/^\|([^|]*)\|/gm)].flatMap(
  ([, cell]) => cell.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? [],
);
const DEMO = {
  ports: { temporal: 1, fakeProvider: 2, gateway: 3, metrics: 4 },
  keySha256: 'a'.repeat(64),
  temporalConfigFile: '/none.toml',
  real: null,
};

it('[M21][N8] a demo takes none of our settings from outside but the log level: a shell may hold those of a real provider', () => {
  expect(VARIABLES).toEqual(expect.arrayContaining(['REDIS_URL', 'REDIS_CA_FILE', 'EXTERNAL_API_KEY', 'TEMPORAL_TLS']));
  const shell = Object.fromEntries(VARIABLES.map((name) => [name, 'from outside']));
  const leaked = Object.entries(demoEnvironment(shell, DEMO)).filter(([, value]) => value === 'from outside');
  expect(leaked.map(([name]) => name)).toEqual(['LOG_LEVEL']);
});

it('[M21][N4] the fake provider calls back, with links that outlive the demo; a real one could not reach them', () => {
  const env = demoEnvironment({}, DEMO);
  expect(env).toMatchObject({
    PUBLIC_BASE_URL: 'http://127.0.0.1:3',
    EXTERNAL_API_CALLBACK_KEYS: expect.stringMatching(/^demo:[\w+/]{43}=$/),
  });
  expect(demoEnvironment({}, DEMO)).toEqual(env);
  expect(demoEnvironment({}, { ...DEMO, real: { profile: 'apify', folder: '/', variables: {} } })).not.toHaveProperty(
    'PUBLIC_BASE_URL',
  );
});

it('[M21] a Temporal server that the shell names is used as the shell says', () => {
  const shell = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_API_KEY: 'key', PATH: '/bin' };
  expect(demoEnvironment(shell, { ...DEMO, temporalConfigFile: null })).toMatchObject(shell);
});

const REAL = { profile: '/mine.yaml', folder: '/', variables: { EXTERNAL_API_KEY: 'mine', EXTERNAL_API_TIMEOUT: '5' } };

it('[M21][N13] with a provider of the user the variables given for it count, and none of the fake one is left', () => {
  const shell = { EXTERNAL_API_KEY: "another provider's", EXTERNAL_API_MAX_RETRIES: '9', PATH: '/bin' };
  const env = demoEnvironment(shell, { ...DEMO, real: REAL });
  expect(env).toMatchObject({ ...REAL.variables, EXTERNAL_API_PROVIDER: '/mine.yaml', PATH: '/bin' });
  for (const name of ['EXTERNAL_API_BASE_URL', 'EXTERNAL_OAUTH_CLIENT_ID', 'EXTERNAL_API_MAX_RETRIES']) {
    expect(env).not.toHaveProperty(name);
  }
});

it('[M21][N13] an env file moves neither ports nor Temporal: those of the demo, and of the shell', () => {
  const theirs = {
    GATEWAY_PORT: '80',
    GATEWAY_HOST: '::',
    METRICS_HOST: '0.0.0.0',
    GATEWAY_API_KEYS: 'x',
    EXTERNAL_API_PROVIDER: 'apify',
  };
  const variables = { ...theirs, TEMPORAL_ADDRESS: 'production:7233', TEMPORAL_NAMESPACE: 'production' };
  const env = demoEnvironment({}, { ...DEMO, real: { ...REAL, variables } });
  expect(env).toEqual(demoEnvironment({}, { ...DEMO, real: { ...REAL, variables: {} } }));
});
