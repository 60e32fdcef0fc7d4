import type { LedgerEntry } from 'durable-external-api/testing';

/** The `POST /process` of one request, in order of arrival. */
export type Submits = readonly Readonly<LedgerEntry>[];

/**
 * What the caller could learn from the provider's answer to a `POST /process`. `lost`: no answer, half an answer, or one
 * that says nothing of the work.
 */
export type Answer = 'refused' | 'taken' | 'final' | 'lost';

/** Faults that spoil an answer which was written whole. */
const SPOILING: ReadonlySet<LedgerEntry['fault']> = new Set(['broken-json', 'empty-body', 'no-result-no-id']);

/** @param entry of a `POST /process`; a 503 of this provider always carries Retry-After */
export function answerOf({ statusCode, fault }: Pick<LedgerEntry, 'statusCode' | 'fault'>): Answer {
  if (statusCode === null || SPOILING.has(fault)) return 'lost';
  if (statusCode === 401 || statusCode === 429 || statusCode === 503) return 'refused';
  if (statusCode >= 500) return 'lost';
  return statusCode < 300 && fault !== 'success-false' ? 'taken' : 'final';
}
