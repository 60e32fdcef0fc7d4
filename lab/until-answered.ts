import { setTimeout as delay } from 'node:timers/promises';
import { TemporalUnavailableError } from 'durable-external-api';

const REPEAT_AFTER_MS = 250;

/** Repeats a call as a caller would whom Temporal did not answer: one that does no work twice, until there is an answer. */
export async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) throw error;
      await delay(REPEAT_AFTER_MS);
    }
  }
}
