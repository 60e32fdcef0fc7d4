import { expect, test } from 'vitest';
import { initialState, type RequestState, type Resolution } from '../../src/contract/request.ts';
import { refusalOf } from '../../src/workflows/resolution.ts';

const UNKNOWN: RequestState = { ...initialState('req_1', '2026-01-01T00:00:00Z'), status: 'outcome_unknown' };
const ABANDON: Resolution = { decision: 'abandon', providerRequestId: null, by: 'jo', reason: 'too old' };

test.each<[string, Partial<Resolution>]>([
  ['a decision that there is not', { decision: 'retry' as 'abandon' }],
  ['an adoption of nothing', { decision: 'adopt' }],
  ['an id that could not stand in a path', { decision: 'adopt', providerRequestId: '../x' }],
  ['an id without an adoption', { providerRequestId: 'job-1' }],
  ['nobody', { by: ' ' }],
  ['no reason', { reason: '' }],
  ['an endless name', { by: 'x'.repeat(201) }],
  ['an endless reason', { reason: 'x'.repeat(2001) }],
])('[N1][M12] the workflow itself refuses %s, whoever sends it', (_, part) => {
  expect(refusalOf({ ...ABANDON, ...part }, UNKNOWN, false)).toMatchObject({ type: 'InvalidDecision' });
});

test('[N1] a decision is taken once, and only while the outcome is unknown', () => {
  expect(refusalOf(ABANDON, UNKNOWN, false)).toBeNull();
  expect(refusalOf(ABANDON, UNKNOWN, true)).toMatchObject({ type: 'NothingToDecide' });
  expect(refusalOf(ABANDON, { ...UNKNOWN, status: 'failed' }, false)).toMatchObject({ type: 'NothingToDecide' });
});
