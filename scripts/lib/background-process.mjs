import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { killGroup, spawnTracked } from './process-registry.mjs';
import { exitText } from './run-command.mjs';

const LAST_LINES = 15;

/**
 * @typedef {object} BackgroundProcess
 * @property {string} name
 * @property {number | undefined} pid undefined when it could not be started
 * @property {Promise<string>} ended resolves with a sentence that has its last lines
 * @property {(graceMs?: number) => Promise<void>} stop asks it to end (SIGTERM); kills it after `graceMs`
 * @property {() => Promise<void>} kill as a crash would (SIGKILL)
 */

/**
 * Starts a process that stays, with its output in `logFile`.
 *
 * @param {{ name: string, command: string, args: readonly string[], logFile: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {BackgroundProcess}
 */
export function startBackgroundProcess({ name, command, args, logFile, cwd, env }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const child = spawnTracked(command, args, { cwd, env, stdio: ['ignore', log, log] });
  closeSync(log);

  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`The ${name} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      resolve(`The ${name} ended (${exitText(code, signal)}). ${lastLines(logFile)}`);
    });
  });

  return {
    name,
    pid: child.pid,
    ended,

    async stop(graceMs = 15_000) {
      if (child.pid === undefined) return;
      killGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(killGroup, graceMs, child.pid, 'SIGKILL');
      await ended;
      clearTimeout(timer);
    },

    async kill() {
      if (child.pid === undefined) return;
      killGroup(child.pid, 'SIGKILL');
      await ended;
    },
  };
}

function lastLines(logFile) {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  return lines === '' ? `It wrote nothing to ${logFile}.` : `The last lines of ${logFile}:\n${lines}`;
}
