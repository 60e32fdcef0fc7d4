import type { Reading } from './read-reply.ts';

/**
 * What became of a cancel.
 * - `cancelled`: nothing runs any more;
 * - `finished`: it was too late;
 * - `asked`: the provider was told, and only polls say what it did;
 * - `not_supported`: it has no such call.
 */
export type CancelOutcome = 'cancelled' | 'finished' | 'asked' | 'not_supported';

const BY_PHASE: Readonly<Record<Reading['phase'], CancelOutcome | null>> = {
  cancelled: 'cancelled',
  failed: 'cancelled',
  completed: 'finished',
  // A 2xx seldom means that the work has stopped.
  waiting: 'asked',
  unknown: 'asked',
  unreadable: 'asked',
  refused: null,
  unclaimed: null,
};

const BY_STATUS: Readonly<Record<number, CancelOutcome>> = {
  404: 'not_supported',
  405: 'not_supported',
  409: 'asked',
  501: 'not_supported',
};

/** Null: the call failed, and the failure table says what follows. */
export function cancelOutcome({ phase }: Reading, status: number): CancelOutcome | null {
  return phase === 'unclaimed' ? (BY_STATUS[status] ?? null) : BY_PHASE[phase];
}
