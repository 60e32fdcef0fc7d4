import { closeSync, openSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killGroup, spawnTracked } from '#scripts/lib/process-registry.mjs';
import type { WorkerArgs } from './compose-worker.ts';

const SCRIPT = fileURLToPath(new URL('crash-worker.js', import.meta.url));
const CRASH_WITHIN_MS = 60_000;

/** The request whose path a worker dies in, and where: `nameOf` a crash point. */
export interface Victim {
  requestId: string;
  point: string;
}

export interface CrashWorker {
  /** Lets it work until it dies at `point` in the path of the request. @throws when it does not */
  crash(victim: Victim): Promise<void>;
}

/** Starts a crash worker, which is loaded and connected when this resolves, and takes no task before it is told to. */
export async function startCrashWorker({ args, logFile }: { args: WorkerArgs; logFile: string }): Promise<CrashWorker> {
  const log = openSync(logFile, 'w');
  const child = spawnTracked(process.execPath, [SCRIPT, JSON.stringify(args)], { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const ended = once(child, 'exit');
  const failed = ended.then(() =>
    Promise.reject(new Error(`A crash worker ended before it was ready. Its log is ${logFile}.`)),
  );
  await Promise.race([once(child, 'message'), failed]);
  failed.catch(() => {}); // It is to end.
  return {
    async crash(victim) {
      child.send(victim);
      let missed = false;
      const timer = setTimeout(() => {
        missed = child.pid !== undefined && killGroup(child.pid, 'SIGKILL');
      }, CRASH_WITHIN_MS);
      const [, signal] = (await ended) as [number | null, NodeJS.Signals | null];
      clearTimeout(timer);
      if (missed || signal !== 'SIGKILL') {
        throw new Error(`The worker never came to ${victim.point} of ${victim.requestId}. Its log is ${logFile}.`);
      }
    },
  };
}
