/** What the caller could learn from the provider's answer to a `POST /process`, as the ledger tells it. */
export const REFUSED = 'refused';
const TAKEN = 'taken';
const FINAL = 'final';
/** No answer, half an answer, or one that says nothing of the work. */
export const LOST = 'lost';

/** Faults that spoil an answer which was written whole. */
const SPOILING = new Set(['broken-json', 'empty-body', 'no-result-no-id']);

/**
 * @param {{ statusCode: number | null, fault: string | null }} entry of a `POST /process`; a 503 of this provider always
 *   carries Retry-After
 */
export function answerOf({ statusCode, fault }) {
  if (statusCode === null || SPOILING.has(fault)) return LOST;
  if (statusCode === 401 || statusCode === 429 || statusCode === 503) return REFUSED;
  if (statusCode >= 500) return LOST;
  return statusCode < 300 && fault !== 'success-false' ? TAKEN : FINAL;
}
