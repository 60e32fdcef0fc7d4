import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test, vi } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: 60_000 });

test.each([
  '',
  ...Object.keys(COMMANDS),
  'cache invalidate',
  'provider list',
  'provider check',
  'provider try',
  'provider schema',
])('[C4] the help of "%s" fits 80 columns', async (command) => {
  const { stdout } = await runCli([...command.split(' '), '--help'].filter(Boolean), { terminal: true, columns: 80 });
  expect(stdout).toMatch(/^Usage: external-api/);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('[C4][M8] the help of a process lists the variables that it does not start without', async () => {
  const required = async (command: string): Promise<string[]> => {
    const { stdout } = await runCli([command, '--help']);
    const [, list = ''] = /^Required variables:\n([^]*?)\n\n/m.exec(stdout) ?? [];
    return Array.from(list.matchAll(/^ {2}([A-Z]\w+)/gm), ([, name = '']) => name);
  };
  const missing = async (command: string, env: Record<string, string>): Promise<string[]> => {
    const { stderr } = await runCli([command], { env });
    return Array.from(stderr.matchAll(/^ {2}(\w+) is required/gm), ([, name = '']) => name);
  };
  expect(await required('worker')).toEqual(
    await missing('worker', { REDIS_URL: 'redis://127.0.0.1:1', EXTERNAL_API_DELIVERIES: 'on' }),
  );
  expect(await required('gateway')).toEqual(await missing('gateway', { NODE_ENV: 'production' }));
  expect(await required('gateway')).toEqual(['GATEWAY_API_KEYS']);
});

test.each([
  ['status', ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'EXTERNAL_API_WORKER_URL']],
  ['worker', ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']],
  ['completion', []],
])('[C4] the help of %s tells the environment that it reads, and no other', async (command, names) => {
  const { stdout } = await runCli([command, '--help']);
  const [, list = ''] = /^Environment:\n([^]*?)\n\n/m.exec(stdout) ?? [];
  expect(Array.from(list.matchAll(/^ {2}([A-Z]\w+)/gm), ([, name = '']) => name)).toEqual(names);
});

let completion: string;
beforeAll(async () => {
  completion = (await runCli(['completion', 'bash'])).stdout;
});

/** What a bash that has read our script offers for the last of `words`. */
function completed(...words: string[]): string[] {
  const script = `
    eval "$SCRIPT"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    $(complete -p external-api | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: process.env['PATH'], SCRIPT: completion };
  const printed = execFileSync('bash', ['-c', script, 'bash', 'external-api', ...words], { env, encoding: 'utf8' });
  return printed.split('\n').filter(Boolean);
}

test.each([
  [['re'], ['result', 'resolve', 'retry']],
  [['list', '--st'], ['--status']],
  [['list', '--status', 'f'], ['failed']],
  [['list', '--tenant', ''], []],
  [['list', '--tenant', 'acme', '--count'], ['--count-by']],
  [['cache', 'i'], ['invalidate']],
  [['provider', 'c'], ['check']],
  [['provider', 'check', '--st'], ['--status']],
  [['provider', 'try', '--ti'], ['--timeout']],
  [['provider', 'try', '--file', '/etc/passw'], expect.arrayContaining(['/etc/passwd'])],
  [['cache', 'invalidate', '--req'], ['--request']],
  [
    ['resolve', 'req_1', 'a'],
    ['adopt', 'abandon'],
  ],
  [['process', '--file', '/etc/passw'], expect.arrayContaining(['/etc/passwd'])],
  [['help', 'li'], ['list']],
])('[C4] bash completes %j to %j', (words, offered) => {
  expect(completed(...words)).toEqual(offered);
});

test('[M8] a variable that was probably meant for us is told, and the command goes on', async () => {
  const env = {
    EXTERNAL_API_TIMOUT: '5',
    EXTERNAL_API_WORKER_URL: 'http://127.0.0.1:1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  };
  const { code, stderr } = await runCli(['budget'], { env });
  expect(code).toBe(69);
  expect(stderr).toMatch(/^warning: EXTERNAL_API_TIMOUT is set, .*Did you mean EXTERNAL_API_TIMEOUT\?\nerror: /);
});
