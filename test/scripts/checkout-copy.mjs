import { randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { killGroup } from '../../scripts/lib/process-registry.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = [
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'scripts',
  'src',
  'examples',
  'dist',
];

/** A checkout with its own data, built like ours, so that a test leaves nothing in ours. */
export function copyCheckout() {
  const folder = mkdtempSync(join(tmpdir(), 'checkout-'));
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const mark = `SETUP_TEST=${randomUUID()}`;
  return {
    folder,
    /** `cwd`: default the checkout. */
    start: (command, args, { cwd = folder, env = {} } = {}) => startProcess({ cwd, env, mark, command, args }),

    /** The processes that `start` started and all that those did, as far as they still run. */
    processes: () => processesWith(mark),

    remove() {
      for (const { pid } of processesWith(mark)) killQuietly(pid);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startProcess({ cwd, env: more, mark, command, args }) {
  const [name, value] = mark.split('=');
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...env, ...more, [name]: value },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return {
    kill: (signal) => child.kill(signal),
    /** As a terminal does at Ctrl-C: the signal goes to all in the foreground. */
    interrupt: () => killGroup(child.pid, 'SIGINT'),
    output: () => output,
    exitCode: new Promise((resolve) => child.once('exit', resolve)),
    /** Resolves with the output as soon as it has `text`. */
    outputWith: (text) =>
      vi.waitFor(
        () => {
          if (!output.includes(text)) throw new Error(`No "${text}" in:\n${output}`);
          return output;
        },
        { timeout: 50_000, interval: 50 },
      ),
  };
}

/** `ps` shows the environment behind the command. */
function processesWith(mark) {
  const { stdout } = spawnSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return stdout
    .split('\n')
    .filter((line) => line.includes(mark))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().slice(0, 100) }));
}

function killQuietly(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
