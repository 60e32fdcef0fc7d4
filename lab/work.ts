import { processedDataOf } from 'durable-external-api/testing';
import type { Fate, Mode } from './evidence.ts';
import { type Callback, callbackOf, type ReceiverKind } from './receiver-kinds.ts';
import { randomNumbers } from './random.ts';

/** The mode of a run; `mixed`: half of the requests each. */
export type RunMode = Mode | 'mixed';

/** One request of a run. */
export interface Work {
  /** From 0. */
  n: number;
  /** Its idempotency key. */
  key: string;
  data: { document: string; text: string };
  mode: Mode;
  /** Answered with the result at once, or with an id to poll. */
  async: boolean;
  fate: Fate;
  /** Milliseconds from its acceptance to its cancellation; of fate `cancelled`. */
  cancelAfterMs: number;
  /** Milliseconds; of fate `short-deadline`. */
  deadlineMs: number;
  /** The hash that its result must have. */
  sha256: string;
  /** Where its end is to be told; null: nowhere. */
  callback: Callback | null;
}

export interface WorkPlan {
  seed: number;
  mode: RunMode;
  /** So many asynchronous requests come first. */
  backlog: number;
}

const LATEST_CANCEL_MS = 12_000;
const DEADLINES_MS = { shortest: 1_000, longest: 8_000 };

/** Eleven, so that each meets every fate, mode and kind of request. */
const RECEIVED_BY: readonly ReceiverKind[] = [
  'up',
  'down at first',
  'up',
  'slow',
  'gone',
  'up',
  'redirecting',
  'down at first',
  'up',
  'answer lost',
  'down twice',
];

/** The n-th request of a run. */
export function workOf({ seed, mode: runMode, backlog }: WorkPlan, n: number): Work {
  const random = randomNumbers((seed + n * 7_919) % 2 ** 32);
  const data = { document: `${seed}-${n}`, text: 'A sentence that the provider is to process. '.repeat(1 + (n % 7)) };
  const mode = runMode === 'mixed' ? (n % 2 === 0 ? 'key' : 'none') : runMode;
  return {
    n,
    key: `lab-${seed}-${n}`,
    data,
    mode,
    async: n < backlog || n % 4 < 2,
    fate: fateOf(n, mode),
    // Most of them soon, when there is most to get wrong.
    cancelAfterMs: random() ** 2 * LATEST_CANCEL_MS,
    deadlineMs: DEADLINES_MS.shortest + random() * (DEADLINES_MS.longest - DEADLINES_MS.shortest),
    sha256: processedDataOf(data).sha256,
    callback: n % 5 < 2 ? callbackOf(RECEIVED_BY[n % RECEIVED_BY.length] ?? 'up', n) : null,
  };
}

/** A ninth is cancelled, a nineteenth has a short deadline; the divisors share none with those of modes and kinds. */
function fateOf(n: number, mode: Mode): Fate {
  if (n % 9 === 4) return 'cancelled';
  if (n % 19 === 7) return 'short-deadline';
  // Without a key the first lost reply ends the tries.
  if (n % 23 === 5) return mode === 'key' ? 'submits-fail' : 'polls-fail';
  if (n % 23 === 17) return 'polls-fail';
  return 'plain';
}
