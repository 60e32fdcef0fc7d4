import { expect, test } from 'vitest';
import type { AcceptedRequest, Fate } from '../../lab/evidence.ts';
import { RULES, type RuleName } from '../../lab/verdict.ts';
import {
  cancelled,
  completed,
  decided,
  failed,
  KEY,
  lost,
  NONE,
  reading,
  refused,
  run,
  seen,
  submit,
} from './forged-evidence.ts';

test('[N12] the checker finds nothing in an honest run', () => {
  const { violations, rules } = run({
    ledger: [submit(KEY, lost), submit(KEY, { executed: false }), submit(NONE, refused), submit(NONE)],
    readings: reading('queued', 'queued', 'submitting', 'processing', 'completed', 'completed'),
  });
  expect(violations).toEqual([]);
  expect(rules.find(({ rule }) => rule === RULES.forward)).toEqual({
    rule: RULES.forward,
    checked: 1,
    broken: 0,
  });
});

test.each<[string, RuleName, string, () => Parameters<typeof run>[0]]>([
  ['a request that still runs', 'ended', 'req_key', () => ({ key: completed(KEY, { end: null }) })],
  ['an accepted request without a history', 'ended', 'req_key', () => ({ key: null })],
  [
    'one key that was answered with two requests',
    'oneRequest',
    'req_key and req_other',
    () => ({ starts: ['req_key', 'req_other'].map((requestId) => ({ key: 'same', requestId })) }),
  ],
  ['a request executed twice', 'effects', 'req_key', () => ({ ledger: [submit(KEY), submit(KEY), submit(NONE)] })],
  ['a result that nobody made', 'done', 'req_key', () => ({ ledger: [submit(KEY, refused), submit(NONE)] })],
  ["another's result", 'ownResult', 'req_key', () => ({ key: completed(KEY, { resultSha256: NONE.sha256 }) })],
  ['a completion without a result', 'ownResult', 'req_key', () => ({ key: completed(KEY, { resultSha256: null }) })],
  [
    "another's data under its key",
    'ownResult',
    'req_key',
    () => ({ ledger: [submit(KEY, { bodySha256: NONE.sha256 }), submit(NONE)] }),
  ],
  ['a step back', 'forward', 'req_key', () => ({ readings: reading('submitting', 'authenticating') })],
  ['a terminal state that changed', 'forward', 'req_key', () => ({ readings: reading('failed', 'completed') })],
  [
    'a doubt after it was processing',
    'forward',
    'req_key',
    () => ({ readings: reading('processing', 'outcome_unknown') }),
  ],
  [
    'a doubt that went away without a decision',
    'forward',
    'req_key',
    () => ({ readings: reading('outcome_unknown', 'processing') }),
  ],
  [
    'an accepted request that was not found',
    'forward',
    'req_key',
    () => ({ readings: reading('queued', 'not_found', 'queued') }),
  ],
  [
    'an accepted request that was not found first',
    'forward',
    'req_key',
    () => ({ readings: reading('not_found', 'queued') }),
  ],
  [
    'a lost reply that was passed over',
    'lostIsUnknown',
    'req_none',
    () => ({ ledger: [submit(KEY), submit(NONE, lost)], none: failed('failed', { retryable: false }) }),
  ],
  [
    'a reply that says nothing and was passed over',
    'lostIsUnknown',
    'req_none',
    () => ({ ledger: [submit(KEY), submit(NONE, { fault: 'broken-json' })] }),
  ],
  [
    'a blind resend after a lost reply, although the provider heeded the key',
    'notResent',
    'req_none',
    () => ({
      ledger: [submit(KEY), submit(NONE, lost), submit(NONE, { executed: false })],
      none: completed(NONE, { unknownOutcomes: 1 }),
    }),
  ],
  [
    'a resend before the decision that would allow it',
    'notResent',
    'req_none',
    () => {
      const ledger = [submit(KEY), submit(NONE, { ...lost, executed: false }), submit(NONE)];
      const decisions = [decided('resubmit', Infinity)];
      return { ledger, none: completed(NONE, { unknownOutcomes: 1, decisions }) };
    },
  ],
  [
    'a resend after a decision to adopt',
    'notResent',
    'req_none',
    () => {
      const ledger = [submit(KEY), submit(NONE, { ...lost, executed: false }), submit(NONE)];
      return { ledger, none: completed(NONE, { unknownOutcomes: 1, decisions: [decided('adopt')] }) };
    },
  ],
  [
    'a doubt in mode key',
    'neverUnknown',
    'req_key',
    () => ({ key: completed(KEY, { unknownOutcomes: 1, decisions: [decided('adopt')] }) }),
  ],
  [
    'a cancellation that says that nothing was sent, although it was executed',
    'nothingSent',
    'req_key',
    () => ({ ledger: [submit(KEY, lost), submit(NONE)], key: cancelled('nothing_sent') }),
  ],
  [
    'a cancellation that says that nothing was sent, although it arrived and nobody can tell',
    'nothingSent',
    'req_none',
    () => ({
      ledger: [submit(KEY), submit(NONE, { ...lost, executed: false })],
      none: cancelled('nothing_sent', { unknownOutcomes: 1 }),
    }),
  ],
  [
    'a cancelled request that ended as failed, without a word of the provider',
    'cancelHeeded',
    'req_key',
    () => ({
      ledger: [submit(KEY, refused), submit(NONE)],
      key: failed('failed', { cancelRequested: true }),
    }),
  ],
  [
    'a cancelled request that timed out',
    'cancelHeeded',
    'req_key',
    () => ({ ledger: [submit(NONE)], key: failed('timed_out', { cancelRequested: true }) }),
  ],
  [
    'a deadline that says "send it again" of work that was executed',
    'timedOutUnsent',
    'req_key',
    () => ({ ledger: [submit(KEY, lost), submit(NONE)], key: failed('timed_out') }),
  ],
  [
    'a failure in mode none that says "send it again" of work that was executed',
    'failedUnsent',
    'req_none',
    () => ({
      ledger: [submit(KEY), submit(NONE, lost)],
      none: failed('failed', { unknownOutcomes: 1 }),
    }),
  ],
  [
    'a failure in mode key that says "send it again" when nobody knows what became of it',
    'failedUnsent',
    'req_key',
    () => ({ ledger: [submit(KEY, { ...lost, executed: false }), submit(NONE)], key: failed('failed') }),
  ],
  [
    'a window with more calls than the budget allows, tokens included',
    'window',
    '(all)',
    () => {
      const at = (arrivedAt: number) => ({ arrivedAt });
      const token = submit(KEY, { endpoint: '/oauth/token', idempotencyKey: null, ...at(50_000) });
      const ledger = [token, submit(KEY, at(50_400)), submit(NONE, at(50_999))];
      return { ledger, budget: { limit: 2, windowMs: 1_000 } };
    },
  ],
  [
    'work of nobody',
    'known',
    'req_stranger',
    () => ({ ledger: [submit(KEY), submit(NONE), submit({ ...KEY, requestId: 'req_stranger' })] }),
  ],
  [
    'work without a key',
    'known',
    '(no key)',
    () => ({ ledger: [submit(KEY), submit(NONE), submit(KEY, { idempotencyKey: null })] }),
  ],
])('[N12] the checker finds %s', (_, rule, requestId, forged) => {
  const { violations } = run(forged());
  expect(violations).toEqual([{ rule: RULES[rule], requestId, evidence: expect.any(String) }]);
});

test('[N12] what a person decided is no violation: adopted, and submitted again', () => {
  const adopted = run({
    ledger: [submit(KEY), submit(NONE, lost)],
    none: completed(NONE, { unknownOutcomes: 1, decisions: [decided('adopt')] }),
  });
  const ledger = [submit(KEY), submit(NONE, { ...lost, executed: false }), submit(NONE)];
  const resubmitted = run({
    ledger,
    none: completed(NONE, { unknownOutcomes: 1, decisions: [decided('resubmit', ledger[1]!.arrivedAt + 1)] }),
    readings: [{ requestId: NONE.requestId, seen: seen(['outcome_unknown', 'submitting', 'processing', 'completed']) }],
  });
  expect([...adopted.violations, ...resubmitted.violations]).toEqual([]);
});

test('[N12] what cancellations, deadlines and used up tries truly say is no violation', () => {
  const honest: Parameters<typeof run>[0][] = [
    // What was refused was not taken.
    { ledger: [submit(KEY, refused), submit(NONE)], key: cancelled('nothing_sent') },
    { ledger: [submit(KEY, refused), submit(NONE)], key: failed('timed_out') },
    { ledger: [submit(KEY, refused), submit(NONE)], key: failed('failed') },
    // Nobody can tell, and it says so.
    { ledger: [submit(KEY, lost), submit(NONE)], key: cancelled('outcome_unknown') },
    { ledger: [submit(KEY), submit(NONE, lost)], none: cancelled('outcome_unknown') },
    {
      ledger: [submit(KEY), submit(NONE, lost)],
      none: failed('failed', { errorType: 'OutcomeUnknown', retryable: false }),
    },
    // The provider has it, and will finish or not.
    { ledger: [submit(KEY), submit(NONE)], key: cancelled('no_longer_watched') },
    { ledger: [submit(KEY), submit(NONE)], key: failed('timed_out', { retryable: false }) },
    // The answer came before the cancellation.
    { ledger: [submit(KEY), submit(NONE)], key: completed(KEY, { cancelRequested: true }) },
    {
      ledger: [submit(KEY, { executed: false, fault: 'success-false' }), submit(NONE)],
      key: failed('failed', { cancelRequested: true, retryable: false }),
    },
    // A window that is full, and no more.
    {
      ledger: [
        submit(KEY, { arrivedAt: 50_000 }),
        submit(NONE, { arrivedAt: 50_001 }),
        submit(KEY, { arrivedAt: 51_000, executed: false }),
      ],
      budget: { limit: 2, windowMs: 1_000 },
    },
  ];
  expect(honest.flatMap((evidence) => run(evidence).violations)).toEqual([]);
});

test.each<[Fate, number]>([
  ['plain', 1],
  ['polls-fail', 1],
  ['submits-fail', 0],
  ['short-deadline', 0],
])('[N12] mode key: an outcome that is unknown for a request of fate %s breaks %d rules', (fate, broken) => {
  const { violations } = run({
    accepted: [{ ...KEY, fate }, NONE],
    key: completed(KEY, { unknownOutcomes: 1, decisions: [decided('adopt')] }),
  });
  expect(violations).toHaveLength(broken);
});

test('[N12] the checker counts doubts by what the ledger knows: executed, not executed, never arrived', () => {
  const unknown = (n: number): AcceptedRequest => ({ ...NONE, requestId: `req_${n}` });
  const accepted = [unknown(1), unknown(2), unknown(3)];
  const decisions = [decided('resubmit', 1e9)];
  const { counts, violations } = run({
    accepted,
    starts: [],
    ledger: [submit(unknown(1), lost), submit(unknown(2), { ...lost, executed: false })],
    histories: new Map(
      accepted.map(({ requestId }) => [requestId, completed(NONE, { end: 'failed', unknownOutcomes: 1, decisions })]),
    ),
  });
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({
    'none: unknown': 3,
    'none: unknown, and executed': 1,
    'none: unknown, false alarm: it was not executed': 1,
    'none: unknown, false alarm: it never arrived': 1,
  });
});

test('[N12] a run without evidence is an error, not a pass', () => {
  expect(() => run({ ledger: [] })).toThrow(/nothing to judge: no POST \/process is in the ledger/);
  expect(() => run({ ledger: [submit(KEY, { endpoint: '/oauth/token' })] })).toThrow(/nothing to judge/);
  expect(() => run({ accepted: [] })).toThrow(/nothing to judge: no request was accepted/);
});
