import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killGroup, spawnTracked } from '../../scripts/lib/process-registry.mjs';

const SCRIPT = fileURLToPath(new URL('crash-worker.mjs', import.meta.url));
const CRASH_WITHIN_MS = 60_000;

/**
 * Starts a crash worker, which is loaded and connected when this resolves, and takes no task before it is told to.
 *
 * @param {{ args: object, logFile: string }} options
 */
export async function startCrashWorker({ args, logFile }) {
  const log = openSync(logFile, 'w');
  const child = spawnTracked(process.execPath, [SCRIPT, JSON.stringify(args)], { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const ended = once(child, 'exit');
  const failed = ended.then(() =>
    Promise.reject(new Error(`A crash worker ended before it was ready. Its log is ${logFile}.`)),
  );
  await Promise.race([once(child, 'message'), failed]);
  return {
    /** Lets it work until it dies at `point` in the path of the request. @throws when it does not */
    async crash(victim) {
      child.send(victim);
      let missed = false;
      const timer = setTimeout(() => (missed = killGroup(child.pid, 'SIGKILL')), CRASH_WITHIN_MS);
      const [, signal] = await ended;
      clearTimeout(timer);
      if (missed || signal !== 'SIGKILL') {
        throw new Error(`The worker never came to ${victim.point} of ${victim.requestId}. Its log is ${logFile}.`);
      }
    },
  };
}
