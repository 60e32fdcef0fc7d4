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
};

it('[M21][N8] a demo takes none of our settings from outside but the log level: a shell may hold those of a real provider', () => {
  expect(VARIABLES).toEqual(expect.arrayContaining(['REDIS_URL', 'REDIS_CA_FILE', 'EXTERNAL_API_KEY', 'TEMPORAL_TLS']));
  const shell = Object.fromEntries(VARIABLES.map((name) => [name, 'from outside']));
  const leaked = Object.entries(demoEnvironment(shell, DEMO)).filter(([, value]) => value === 'from outside');
  expect(leaked.map(([name]) => name)).toEqual(['LOG_LEVEL']);
});

it('[M21] a Temporal server that the shell names is used as the shell says', () => {
  const shell = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_API_KEY: 'key', PATH: '/bin' };
  expect(demoEnvironment(shell, { ...DEMO, temporalConfigFile: null })).toMatchObject(shell);
});
