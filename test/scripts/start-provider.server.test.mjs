import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { KEY, replicate } from '../providers/contracts-by-id.ts';
import { startScriptedProvider } from '../providers/scripted-provider.ts';
import { copyCheckout } from './checkout-copy.mjs';

vi.setConfig({ testTimeout: 90_000 });

const UP = 'Ctrl-C stops everything.';
const CONFIG = 78;

let checkout;
/** Where a user calls it. */
let folder;
beforeAll(() => {
  checkout = copyCheckout();
  folder = join(checkout.folder, 'mine');
  mkdirSync(folder);
});
afterAll(() => checkout.remove());

function write(name, lines, mode = 0o600) {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`, { mode });
  return name;
}

const npmStart = (args, env) => checkout.start('npm', ['start', '--', ...args], { cwd: folder, env });

const shipped = (name) => readFileSync(join(checkout.folder, 'dist', 'profile', 'profiles', `${name}.yaml`), 'utf8');

it('[M21][N13][N7] npm start --provider runs everything for a provider of the user, what it prints works, and its secrets are nowhere', async () => {
  const provider = await startScriptedProvider(replicate);
  onTestFinished(() => provider[Symbol.asyncDispose]());
  provider.work.words = ['starting', 'succeeded'];
  writeFileSync(join(folder, 'films.yaml'), shipped('replicate').replace(/^name: .*$/m, 'name: films'));
  const env = write('films.env', [
    `EXTERNAL_API_KEY='${KEY}'`,
    `EXTERNAL_API_BASE_URL=${provider.url}/v1`,
    'EXTERNAL_API_POLL_INITIAL=0.05',
    'GATEWAY_PORT=1',
  ]);
  const demo = npmStart(['--provider', './films.yaml', '--env-file', env], { EXTERNAL_API_KEY: 'of-another-provider' });
  const shown = await demo.outputWith(UP);
  expect(shown).toContain('Not used: GATEWAY_PORT.');
  expect(shown).toContain(`these call films at ${provider.url}/v1`);
  expect(shown).not.toMatch(/fake provider/i);
  // Work at a real provider is the user's to start.
  expect(provider.ledger).toEqual([]);
  for (const label of ['Requests', 'Gateway', 'Metrics']) {
    expect((await fetch(new RegExp(`${label}\\s+(http\\S+)`).exec(shown)[1])).status).toBe(200);
  }

  const [, command] = /^ {2}(TEMPORAL_ADDRESS=.* npm run cli -- process .*)$/m.exec(shown);
  const { stdout, stderr, status } = await run(command);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toContain('replicate.delivery');
  const [curl] = /^ {2}curl [^]*?'$(?=\n {2}TEMPORAL)/m.exec(shown);
  const answer = JSON.parse((await run(curl)).stdout);
  expect(answer).toMatchObject({ request_id: expect.stringMatching(/^req_/), success: true });
  await vi.waitFor(() => expect(provider.calls(/^POST/)).toHaveLength(2), { timeout: 20_000, interval: 50 });
  expect(provider.ledger.every(({ headers }) => headers.authorization === `Bearer ${KEY}`)).toBe(true);

  const { stdout: processes } = spawnSync('ps', ['axww', '-o', 'command='], { encoding: 'utf8' });
  expect(processes).not.toContain(KEY);
  demo.interrupt();
  expect(await demo.exitCode).toBe(0);
  expect(demo.output()).not.toContain(KEY);
  const logs = join(checkout.folder, '.data', 'logs');
  for (const log of readdirSync(logs)) expect(readFileSync(join(logs, log), 'utf8')).not.toContain(KEY);
});

/** As somebody who copies a line from the terminal. */
async function run(command) {
  const shell = checkout.start('sh', ['-c', command]);
  const status = await shell.exitCode;
  return { status, stdout: shell.output(), stderr: shell.output() };
}

it.each([
  [
    'an env file that is not there',
    ['--env-file', 'none.env'],
    /--env-file \S+mine\/none\.env cannot be read: there is no/,
  ],
  ['a name that no shipped profile has', ['--provider', 'replicat'], /"?replicat"? .*\(did you mean replicate\)/],
  [
    'a profile that is not there',
    ['--provider', './none.yaml'],
    /mine\/none\.yaml cannot be read: there is no such file/,
  ],
  [
    'a mistake in the profile',
    ['--provider', 'bad.yaml'],
    /mine\/bad\.yaml:\d+ reply\.phase\.0\.wating is not known here/,
  ],
  ['a variable that is missing', [], /^ {2}EXTERNAL_API_KEY is required/m],
  ['a variable that is wrong', ['--env-file', 'wrong.env'], /^ {2}EXTERNAL_API_TIMEOUT must be/m],
])('[M21][M22][N13] %s is told by name before anything is started', async (_, args, told) => {
  write('wrong.env', ['EXTERNAL_API_KEY=k', 'EXTERNAL_API_TIMEOUT=soon']);
  writeFileSync(join(folder, 'bad.yaml'), shipped('replicate').replace('waiting:', 'wating:'));
  const provider = args.includes('--provider') ? [] : ['--provider', 'replicate'];
  const demo = npmStart([...provider, ...args]);
  expect(await demo.exitCode).toBe(CONFIG);
  expect(demo.output()).toMatch(told);
  expect(demo.output()).not.toMatch(/✓ (Temporal|Worker|Gateway)|\n {4}at /);
});

it.each([
  [['--provder', 'replicate'], /Unknown option '--provder'/],
  [['--env-file', 'a.env'], /--env-file needs --provider/],
  [['--once', '--provider', 'replicate'], /--once runs a request of the fake provider/],
])('[M21][M22] %j is a mistake of usage, told with the help', async (args, told) => {
  const demo = npmStart(args);
  expect(await demo.exitCode).toBe(2);
  expect(demo.output()).toMatch(told);
  expect(demo.output()).toContain('Usage: npm start');
});
