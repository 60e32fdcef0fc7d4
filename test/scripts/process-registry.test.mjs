import { spawn, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';

const REGISTRY = fileURLToPath(new URL('../../scripts/lib/process-registry.mjs', import.meta.url));

/** Dies as a power cut would: after its process is there, and before anybody can be told of that. */
const DIES_IN_THE_MIDDLE = `
import child_process from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
const { spawn } = child_process;
child_process.spawn = (command, args, options) => {
  const child = spawn(command, args, options);
  if (args[0] === '300') process.kill(process.pid, 'SIGKILL');
  return child;
};
syncBuiltinESMExports();
const { spawnTracked } = await import(${JSON.stringify(REGISTRY)});
spawnTracked('sleep', ['300'], { stdio: 'ignore', env: { ...process.env } });
`;

const runningWith = (tag) =>
  execFileSync('ps', ['axeww', '-o', 'pid=', '-o', 'command='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(tag) && line.includes('sleep 300'));

it('[M21] who dies right after it started a process leaves none', async () => {
  const tag = randomUUID();
  const dying = spawn(process.execPath, ['--input-type=module', '-e', DIES_IN_THE_MIDDLE], {
    env: { ...process.env, TAG: tag },
    stdio: 'ignore',
  });
  await new Promise((resolve) => dying.once('exit', resolve));
  expect(dying.signalCode).toBe('SIGKILL');
  await vi.waitFor(() => expect(runningWith(tag)).toEqual([]), { timeout: 10_000, interval: 100 });
});
