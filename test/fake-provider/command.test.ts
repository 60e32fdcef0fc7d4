import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startFakeProvider } from '../../src/fake-provider/index.ts';
import { asForm } from './caller.ts';

/** A process of its own that runs the command from its source. */
const PROGRAM = `
  import { runnerImport } from 'vite';
  const { module } = await runnerImport(${JSON.stringify(fileURLToPath(new URL('../../src/cli/fake-provider-command.ts', import.meta.url)))});
  await module.fakeProviderCommand().parseAsync(process.argv.slice(1), { from: 'user' });
`;

function run(args: string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const exitCode = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0];

test.each(['SIGTERM', 'SIGINT'] as const)(
  '[M20] the command listens as told, says so in one line, and ends on %s with open connections',
  async (signal) => {
    const args = ['--port', '0', '--token-lifetime', '77', '--client-id', 'from-option'];
    const child = run(args, { EXTERNAL_OAUTH_CLIENT_SECRET: 'from-environment' });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const [, url] = /^fake provider listens on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line.toString()) ?? [];

    const client = { client_id: 'from-option', client_secret: 'from-environment' };
    const response = await fetch(`${url}/oauth/token`, asForm({ grant_type: 'client_credentials', ...client }));
    expect(await response.json()).toMatchObject({ expires_in: 77 });

    child.kill(signal);
    expect(await exitCode(child)).toBe(0);
  },
);

test('[M20] a taken port is one clear line and exit code 1', async () => {
  await using first = await startFakeProvider();
  const { port } = new URL(first.url);
  const child = run(['--port', port]);
  const [stderr, code] = await Promise.all([text(child.stderr), exitCode(child)]);
  expect(stderr).toMatch(
    /^error: cannot listen on 127\.0\.0\.1:\d+; choose another --host or --port \(0 .+\): listen EADDRINUSE.+\n$/,
  );
  expect(code).toBe(1);
});

test.each<[string[], Record<string, string>, string]>([
  [['--port', '70000'], {}, 'Expected a whole number from 0 to 65535.'],
  [['--rate-limit', 'many'], {}, 'Expected a whole number from 0 to 1000000.'],
  [['--idempotency', 'maybe'], {}, 'Allowed choices are honour, ignore.'],
  [['--api-key', ''], {}, 'It must not be empty.'],
  [[], { EXTERNAL_API_KEY: '' }, "from env 'EXTERNAL_API_KEY' is invalid. It must not be empty."],
])('[M20] the command refuses %j with %j in one line that says what it expects', async (args, env, message) => {
  const child = run(args, env);
  const [stderr, code] = await Promise.all([text(child.stderr), exitCode(child)]);
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).not.toBe(0);
});
