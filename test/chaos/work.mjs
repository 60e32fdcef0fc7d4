import { processedDataOf } from 'durable-external-api/testing';

/**
 * The n-th request of a run: its mode, its idempotency key, its data, and the hash that its result must have.
 *
 * @param {{ seed: number, mode: 'key' | 'none' | 'mixed' }} run
 * @param {number} n from 0
 */
export function workOf({ seed, mode }, n) {
  const data = { document: `${seed}-${n}`, text: 'A sentence that the provider is to process. '.repeat(1 + (n % 7)) };
  return {
    n,
    key: `lab-${seed}-${n}`,
    data,
    mode: mode === 'mixed' ? (n % 2 === 0 ? 'key' : 'none') : mode,
    // Answered with the result at once, or with an id to poll.
    async: n % 4 < 2,
    sha256: processedDataOf(data).sha256,
  };
}
