/** @typedef {{ after: number, what: 'freeze-worker' | 'restart-temporal' | 'restart-gateway', signal?: 'SIGKILL' | 'SIGTERM' }} Blow */

/**
 * The blows of a run besides the killed workers, in order.
 *
 * @param {{ requests: number, temporalRestarts: number, gatewayRestarts: number }} run
 * @param {() => number} random uniform in [0, 1)
 * @returns {Blow[]} `after` so many accepted requests
 */
export function planBlows({ requests, temporalRestarts, gatewayRestarts }, random) {
  const spread = (n, total, from) => Math.floor(requests * (from + ((n + random() * 0.5) / total) * (0.95 - from)));
  const blows = [{ after: Math.floor(requests * 0.25), what: 'freeze-worker' }];
  for (let n = 0; n < temporalRestarts; n++) {
    blows.push({ after: spread(n, temporalRestarts, 0.2), what: 'restart-temporal' });
  }
  for (let n = 0; n < gatewayRestarts; n++) {
    blows.push({
      after: spread(n, gatewayRestarts, 0.3),
      what: 'restart-gateway',
      signal: n % 2 ? 'SIGTERM' : 'SIGKILL',
    });
  }
  return blows.toSorted((a, b) => a.after - b.after);
}

const SHORTEST_MS = 2_000;
const LONGEST_MS = 5_000;

/** Milliseconds to the next kill of a worker. */
export function killDelay(random) {
  return SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS);
}
