import { setTimeout as delay } from 'node:timers/promises';

const READ_EVERY_MS = 400;
const TERMINAL = ['completed', 'failed', 'cancelled', 'timed_out'];
/** A reader does not wait for a person: it comes back when the run is over. */
const DOUBTS_READ = 10;
/** What has ended must stay so. */
const ENDS_READ = 3;

/**
 * Readers that follow some requests through the gateway, each from its start until it has ended.
 *
 * @param {{ gatewayUrl: string, readers: number }} options
 */
export function startReaders({ gatewayUrl, readers }) {
  /** @type {Map<string, import('./checker.mjs').Reading[]>} what was read of each request, in order */
  const readings = new Map();
  const waiting = [];
  const over = new AbortController();

  /** Null: no answer, which the readers of a service that is restarted must expect. */
  async function read(requestId) {
    try {
      const url = `${gatewayUrl}/api/external/status/${requestId}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      const { status, stale = false } = await response.json();
      if (response.status !== 404 && !response.ok) return null;
      return { status: response.ok ? status : 'not_found', at: Date.now(), stale };
    } catch {
      return null;
    }
  }

  async function readOnce(requestId) {
    const reading = await read(requestId);
    if (reading !== null) readings.get(requestId).push(reading);
    return reading?.status;
  }

  async function follow(requestId) {
    readings.set(requestId, []);
    let doubts = 0;
    let ends = 0;
    while (doubts < DOUBTS_READ && ends < ENDS_READ && !over.signal.aborted) {
      const status = await readOnce(requestId);
      if (TERMINAL.includes(status)) ends += 1;
      if (status === 'outcome_unknown') doubts += 1;
      await delay(READ_EVERY_MS);
    }
  }

  async function followOneAfterTheOther() {
    while (!over.signal.aborted) {
      const requestId = waiting.pop();
      waiting.length = 0; // Those are too far on to be followed from their start.
      if (requestId === undefined) await delay(20);
      else await follow(requestId);
    }
  }

  const following = Array.from({ length: readers }, followOneAfterTheOther);
  return {
    /** Offers a request that has just begun. */
    offer: (requestId) => void waiting.push(requestId),
    /** Ends the readers, reads each request once more, and says what was read. */
    async end() {
      over.abort();
      await Promise.all(following);
      for (const requestId of readings.keys()) await readOnce(requestId);
      return [...readings].map(([requestId, seen]) => ({ requestId, seen }));
    },
  };
}
