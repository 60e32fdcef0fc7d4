import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { nodeVersionProblem } from '../../scripts/lib/node-version.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));

function start(...args) {
  return spawnSync(process.execPath, [START, ...args], { encoding: 'utf8' });
}

it.each([
  [['--nonsense'], "'--nonsense'"],
  [['nonsense'], "'nonsense'"],
  [['--port-base', 'abc'], '--port-base must be a whole number from 1 to 65531'],
  [['--port-base', '65532'], '--port-base must be a whole number from 1 to 65531'],
])('[M21] npm start -- %j ends with exit code 2, names what is wrong and shows the options', (args, named) => {
  const { status, stderr, stdout } = start(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(named);
  expect(stderr).toContain('--once');
});

it('[M21] npm start -- --help shows the options and starts nothing', () => {
  const { status, stdout } = start('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('--port-base');
});

it.each(['18.20.8', '20.18.3', '19.0.0'])('[M21] Node.js %s is too old, and one line says what to do', (version) => {
  expect(nodeVersionProblem(version)).toMatch(/^This needs Node\.js 20\.19 or newer, and this is .*install it.*$/);
});

it.each(['20.19.0', '20.20.2', '22.12.0', '26.0.0'])('[M21] Node.js %s will do', (version) => {
  expect(nodeVersionProblem(version)).toBeNull();
});

it('[M21] the command line of a checkout that is not built says what to do, without a stack', () => {
  const scripts = join(temporaryFolder(), 'scripts');
  cpSync(fileURLToPath(new URL('../../scripts', import.meta.url)), scripts, { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(scripts, 'cli.mjs'), 'list'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: .*not built.*npm run build.*\n$/);
});
