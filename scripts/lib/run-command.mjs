import { basename } from 'node:path';
import { killGroup, spawnTracked } from './process-registry.mjs';

/** Of a command that failed: its cause is at the beginning or at the end. */
const SHOWN_LINES = { first: 12, last: 12 };

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<string>} what it wrote to standard output
 * @throws {Error} when it cannot be started, takes too long or fails, with an excerpt of what it wrote
 */
export function runCommand(command, args, { cwd, env, timeoutMs } = {}) {
  const shown = [command, ...args.slice(0, 2)].map((part) => basename(part)).join(' ');
  return new Promise((resolve, reject) => {
    const child = spawnTracked(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      all += chunk;
    });
    child.stderr.on('data', (chunk) => (all += chunk));

    let timedOut = false;
    const giveUp = () => {
      timedOut = true;
      killGroup(child.pid, 'SIGKILL');
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);

    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${shown} could not be started: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(stdout);
      const end = timedOut ? `took longer than ${timeoutMs / 1000} s` : `failed (${exitText(code, signal)})`;
      const lines = excerpt(all);
      reject(new Error(lines === '' ? `${shown} ${end}` : `${shown} ${end}:\n${lines}`));
    });
  });
}

function excerpt(text) {
  const lines = text.trim().split('\n');
  const { first, last } = SHOWN_LINES;
  if (lines.length <= first + last) return lines.join('\n');
  return [...lines.slice(0, first), '...', ...lines.slice(-last)].join('\n');
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {string}
 */
export function exitText(code, signal) {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
