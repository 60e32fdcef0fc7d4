import type { Logger } from './logger.ts';

const LOOK_EVERY_MS = 500;

/**
 * One line whenever a worker becomes ready, and whenever it no longer is; the first is that it is ready. Both at info: what
 * keeps it from work has, or is, a line of its own.
 *
 * @param whyNotReady why it takes no work now; null: it does. Asked twice a second, and at each `look`
 */
export function tellReadiness(logger: Logger, whyNotReady: () => string | null): { look(): void; end(): void } {
  let wasReady = false;
  let since = performance.now();

  function look(): void {
    const reason = whyNotReady();
    if ((reason === null) === wasReady) return;
    wasReady = reason === null;
    const after = Math.round(performance.now() - since) / 1000;
    since = performance.now();
    if (reason === null) logger.info({ event: 'worker_ready', after }, 'The worker takes work');
    else logger.info({ event: 'worker_unready', after, reason }, `The worker takes no work: ${reason}`);
  }

  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    look,
    end() {
      clearInterval(timer);
      look();
    },
  };
}
