import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../../src/fake-provider/index.ts';
import {
  check,
  RULES,
  type AcceptedRequest,
  type Evidence,
  type HistoryFacts,
  type Reading,
} from '../../chaos/checker.mjs';

const KEY: AcceptedRequest = { requestId: 'req_key', mode: 'key', sha256: 'aaaa' };
const NONE: AcceptedRequest = { requestId: 'req_none', mode: 'none', sha256: 'bbbb' };

let seq = 0;

/** A submit that was executed and answered, but for what is said. */
function submit(of: AcceptedRequest, entry: Partial<LedgerEntry> = {}): LedgerEntry {
  seq += 1;
  return {
    seq,
    endpoint: '/process',
    method: 'POST',
    arrivedAt: seq * 10_000,
    idempotencyKey: of.requestId,
    bodySha256: of.sha256,
    providerRequestId: `provider_${seq}`,
    executed: true,
    answeredAt: seq * 10_000 + 5,
    statusCode: 200,
    fault: null,
    ...entry,
  };
}

const lost = { answeredAt: null, statusCode: null } as const;
const refused = { executed: false, statusCode: 429, fault: 'status' } as const;

function completed(of: AcceptedRequest, facts: Partial<HistoryFacts> = {}): HistoryFacts {
  return { end: 'completed', errorType: null, resultSha256: of.sha256, unknownOutcomes: 0, decisions: [], ...facts };
}

/** A run of one request in each mode, `changes` apart. */
function run({
  ledger = [submit(KEY), submit(NONE)],
  key = completed(KEY),
  none = completed(NONE),
  ...changes
}: Partial<Evidence> & { key?: HistoryFacts | null; none?: HistoryFacts } = {}) {
  const histories = new Map([[NONE.requestId, none]]);
  if (key) histories.set(KEY.requestId, key);
  const starts = [KEY, NONE].map(({ requestId }) => ({ key: `start-${requestId}`, requestId }));
  return check({ ledger, accepted: [KEY, NONE], starts, histories, readings: [], ...changes });
}

const decided = (decision: string, at = 0) => ({ decision, at });
const seen = (statuses: Reading['status'][]) => statuses.map((status, n) => ({ status, at: n, stale: false }));
const reading = (...statuses: Reading['status'][]) => [{ requestId: KEY.requestId, seen: seen(statuses) }];

test('[N12] the checker finds nothing in an honest run', () => {
  const { violations, rules } = run({
    ledger: [submit(KEY, lost), submit(KEY, { executed: false }), submit(NONE, refused), submit(NONE)],
    readings: reading('queued', 'queued', 'submitting', 'processing', 'completed', 'completed'),
  });
  expect(violations).toEqual([]);
  expect(rules.find(({ rule }) => rule === RULES['forward'])).toEqual({
    rule: RULES['forward'],
    checked: 1,
    broken: 0,
  });
});

test.each<[string, keyof typeof RULES, string, () => Parameters<typeof run>[0]]>([
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
    () => ({ ledger: [submit(KEY), submit(NONE, lost)], none: completed(NONE, { end: 'failed', resultSha256: null }) }),
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
