import { expect } from 'vitest';
import { why, type Evidence } from '../../src/client/why.ts';
import { endedSnapshot } from '../../src/contract/ended-snapshot.ts';
import { initialState, type RequestSnapshot } from '../../src/contract/request.ts';
import type { WaitReason } from '../../src/contract/values.ts';

export const ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
export const NOW = new Date('2026-11-23T12:00:00.000Z');
export const AT = (seconds: number): string => new Date(NOW.getTime() + seconds * 1000).toISOString();
export const WORKER = 'http://127.0.0.1:9464';

export const SNAPSHOT: RequestSnapshot = {
  ...endedSnapshot(initialState(ID, AT(-20)), { tenant: 'acme' }, null),
  status: 'submitting',
};

export const REFUSES = 'does not answer (ECONNREFUSED)';
export const EVIDENCE: Evidence = {
  lastFailure: null,
  budget: null,
  workerAddress: WORKER,
  workerAddressFrom: null,
  workerProblem: REFUSES,
  pollers: null,
};

/** The sentence, without the id. */
export function told(snapshot: Partial<RequestSnapshot>, evidence: Partial<Evidence> = {}): string {
  const { sentence } = why({ ...SNAPSHOT, ...snapshot }, { ...EVIDENCE, ...evidence }, NOW);
  expect(sentence).toMatch(new RegExp(`^${ID} .*[^.]\\.$`));
  return sentence.slice(ID.length + 1);
}

/** A request that waits; times in seconds from now. */
export function waits(
  reason: WaitReason,
  {
    attempt = 1,
    calls = 0,
    since = -12,
    until,
    says,
  }: { attempt?: number; calls?: number; since?: number | null; until?: number; says?: string } = {},
): Partial<RequestSnapshot> {
  const times = { since: since === null ? null : AT(since), until: until === undefined ? null : AT(until) };
  return { waitingFor: { reason, attempt, calls, ...times, ...(says !== undefined && { providerStatus: says }) } };
}
