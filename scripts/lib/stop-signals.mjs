import { killAll } from './process-registry.mjs';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** One Ctrl-C reaches us twice under npm: from the terminal, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 500;

/** We were asked to stop. The exit code is the one that a shell gives for the signal. */
export class StopRequest extends Error {
  constructor(signal) {
    super(`Stopped by ${signal}.`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/**
 * Rejects with a {@link StopRequest} at the first signal; a later one kills everything at once. The death of npm,
 * which started us, counts as a signal too: killed hard, it passes nothing on.
 *
 * @returns {Promise<never>}
 */
export function stopRequested() {
  let firstAt = null;
  let reject;
  const requested = new Promise((_, rejectPromise) => (reject = rejectPromise));
  requested.catch(() => {}); // Whoever races it will see it.

  for (const signal of Object.keys(EXIT_CODES)) {
    process.on(signal, () => {
      firstAt ??= performance.now();
      reject(new StopRequest(signal));
      if (performance.now() - firstAt < SAME_SIGNAL_MS) return;
      killAll();
      process.exit(EXIT_CODES[signal]);
    });
  }
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    const watch = () => process.ppid === parent || reject(new StopRequest('SIGHUP'));
    setInterval(watch, SAME_SIGNAL_MS).unref();
  }
  return requested;
}
