import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `url` answers 2xx.
 *
 * @param {string} url
 * @throws {Error} with the last answer, after `deadlineMs`
 */
export async function waitUntilReady(url, deadlineMs = 60_000) {
  const end = performance.now() + deadlineMs;
  let problem;
  do {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (response.ok) return;
      problem = `status ${response.status} ${await response.text()}`;
    } catch (error) {
      problem = error.cause?.code ?? error.name;
    }
    await delay(50);
  } while (performance.now() < end);
  throw new Error(`${url} was not ready within ${deadlineMs / 1000} s: ${problem}`);
}
