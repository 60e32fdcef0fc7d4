import { expect, test } from 'vitest';
import { CALLBACK_KINDS, type CallbackKind, type CallbackSeen } from '../../lab/callback-kinds.ts';
import { RULES, type RuleName } from '../../lab/verdict.ts';
import { completed, KEY, NONE, run, submit } from './forged-evidence.ts';

const callback = (kind: CallbackKind, statusCode: number | null, more: Partial<CallbackSeen> = {}): CallbackSeen => ({
  kind,
  requestId: KEY.requestId,
  providerRequestId: 'provider_of_key',
  at: 1e9,
  statusCode,
  ...more,
});

test.each<[string, RuleName, () => Parameters<typeof run>[0]]>([
  ['a genuine callback that was refused', 'callbackTaken', () => ({ callbacks: [callback('passed on', 401)] })],
  ['a genuine callback that nobody answered', 'callbackTaken', () => ({ callbacks: [callback('late', null)] })],
  ['a second callback that was refused', 'callbackTaken', () => ({ callbacks: [callback('doubled', 404)] })],
  ["another key's link that was taken", 'forgedRefused', () => ({ callbacks: [callback('forged: another key', 204)] })],
  [
    "another request's link that was taken",
    'forgedRefused',
    () => ({ callbacks: [callback('forged: the link of another request', 204)] }),
  ],
  [
    'a link to nobody’s request that was taken',
    'forgedRefused',
    () => ({ callbacks: [callback('forged: a request that never was', 204)] }),
  ],
  [
    'the id of another request’s work, believed',
    'ownId',
    () => ({
      ledger: [submit(KEY), submit(NONE, { providerRequestId: 'provider_of_none' })],
      key: completed(KEY, { providerRequestId: 'provider_of_none' }),
      callbacks: [callback('forged: the work of another request', 204, { providerRequestId: 'provider_of_none' })],
    }),
  ],
])('[N12][N8] the checker finds %s', (_, rule, forged) => {
  const { violations } = run(forged());
  expect(violations).toEqual([{ rule: RULES[rule], requestId: 'req_key', evidence: expect.any(String) }]);
});

test('[N12][N8] the checker finds the result of another request that a forged callback named', () => {
  const { violations } = run({
    ledger: [submit(KEY), submit(NONE, { providerRequestId: 'provider_of_none' })],
    key: completed(KEY, { providerRequestId: 'provider_of_none', resultSha256: NONE.sha256 }),
  });
  expect(violations.map(({ rule }) => rule)).toEqual([RULES.ownResult, RULES.ownId]);
});

test('[N12][N8] callbacks that were answered as they must be are no violation, and each kind is counted', () => {
  const kinds = Object.entries(CALLBACK_KINDS) as [CallbackKind, number | null][];
  const { violations, counts, rules } = run({
    ledger: [submit(KEY, { providerRequestId: 'provider_of_key' }), submit(NONE)],
    key: completed(KEY, { providerRequestId: 'provider_of_key' }),
    callbacks: kinds.map(([kind, statusCode]) => callback(kind, statusCode)),
  });
  expect(violations).toEqual([]);
  for (const [kind] of kinds) expect(counts).toMatchObject({ [`callbacks: ${kind}`]: 1 });
  const checked = (name: RuleName) => rules.find(({ rule }) => rule === RULES[name])?.checked;
  expect([checked('callbackTaken'), checked('forgedRefused')]).toEqual([4, 3]);
});

test('[N12][N8] a callback is early when the submit of its work was not answered yet, or never', () => {
  const early = (answeredAt: number | null, at: number) =>
    run({
      ledger: [submit(KEY, { providerRequestId: 'provider_of_key', answeredAt }), submit(NONE)],
      callbacks: [callback('passed on', 204, { at })],
    }).counts['callbacks: early, before the submit was answered'];
  expect([early(100, 99), early(null, 99), early(100, 101)]).toEqual([1, 1, undefined]);
});
