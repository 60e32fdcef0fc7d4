import { setTimeout as delay } from 'node:timers/promises';
import type { RequestStatus } from 'durable-external-api';
import type { Evidence, Reading } from './evidence.ts';

const READ_EVERY_MS = 400;
const TERMINAL: readonly unknown[] = ['completed', 'failed', 'cancelled', 'timed_out'];
/** A reader does not wait for a person: it comes back when the run is over. */
const DOUBTS_READ = 10;
/** What has ended must stay so. */
const ENDS_READ = 3;

export interface Readers {
  /** Offers a request that has just begun. */
  offer(requestId: string): void;
  /** Ends the readers, reads each request once more, and says what was read. */
  end(): Promise<Evidence['readings']>;
}

/** Readers that follow some requests through the gateway, each from its start until it has ended. */
export function startReaders({ gatewayUrl, readers }: { gatewayUrl: string; readers: number }): Readers {
  /** What was read of each request, in order. */
  const readings = new Map<string, Reading[]>();
  const waiting: string[] = [];
  const over = new AbortController();

  /** Null: no answer, which the readers of a service that is restarted must expect. */
  async function read(requestId: string): Promise<Reading | null> {
    try {
      const url = `${gatewayUrl}/api/external/status/${requestId}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      const answer = (await response.json()) as { status: RequestStatus; stale?: boolean };
      if (response.status !== 404 && !response.ok) return null;
      const status = response.ok ? answer.status : 'not_found';
      return { status, at: Date.now(), stale: answer.stale ?? false };
    } catch {
      return null;
    }
  }

  async function readOnce(requestId: string, seen: Reading[]): Promise<Reading['status'] | undefined> {
    const reading = await read(requestId);
    if (reading !== null) seen.push(reading);
    return reading?.status;
  }

  async function follow(requestId: string): Promise<void> {
    const seen: Reading[] = [];
    readings.set(requestId, seen);
    let doubts = 0;
    let ends = 0;
    while (doubts < DOUBTS_READ && ends < ENDS_READ && !over.signal.aborted) {
      const status = await readOnce(requestId, seen);
      if (TERMINAL.includes(status)) ends += 1;
      if (status === 'outcome_unknown') doubts += 1;
      await delay(READ_EVERY_MS);
    }
  }

  async function followOneAfterTheOther(): Promise<void> {
    while (!over.signal.aborted) {
      const requestId = waiting.pop();
      waiting.length = 0; // Those are too far on to be followed from their start.
      if (requestId === undefined) await delay(20);
      else await follow(requestId);
    }
  }

  const following = Array.from({ length: readers }, followOneAfterTheOther);
  return {
    offer: (requestId) => void waiting.push(requestId),
    async end() {
      over.abort();
      await Promise.all(following);
      for (const [requestId, seen] of readings) await readOnce(requestId, seen);
      return Array.from(readings, ([requestId, seen]) => ({ requestId, seen }));
    },
  };
}
