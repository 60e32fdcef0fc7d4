import { expect, test } from 'vitest';
import type { AcceptedRequest } from '../../lab/evidence.ts';
import { RULES, type RuleName } from '../../lab/verdict.ts';
import { completed, decided, failed, KEY, lost, NONE, run, seen, submit } from './forged-evidence.ts';

/** The request of mode none, of a provider that can be asked. */
const LOOKUP: AcceptedRequest = { ...NONE, mode: 'lookup' };
const looked = (found: 'one' | 'none', at = 0) => ({ found, at });
const FOUND_ONE = { lookups: [looked('one', 1e9)] };

test.each<[string, RuleName, string, () => Parameters<typeof run>[0]]>([
  [
    'a resend after a lookup that found the work',
    'notResent',
    'req_none',
    () => {
      const ledger = [submit(KEY), submit(NONE, { ...lost, executed: false }), submit(NONE)];
      return { ledger, none: completed(NONE, { unknownOutcomes: 1, lookups: [looked('one')] }) };
    },
  ],
  [
    'a lookup that found nothing, of work that was done',
    'effects',
    'req_none',
    () => {
      const ledger = [submit(KEY), submit(NONE, lost), submit(NONE)];
      return { ledger, none: completed(NONE, { unknownOutcomes: 1, lookups: [looked('none')] }) };
    },
  ],
  [
    'a run of lookups in which none was needed',
    'lookedUp',
    '(all)',
    () => ({ accepted: [KEY, LOOKUP], none: completed(LOOKUP) }),
  ],
  [
    'an outcome that waits for a person although the provider can be asked',
    'noPerson',
    'req_none',
    () => {
      const held = failed('failed', { unknownOutcomes: 1, errorType: 'OutcomeUnknown', retryable: false });
      return { accepted: [KEY, LOOKUP], ledger: [submit(KEY), submit(NONE, lost)], none: { ...held, ...FOUND_ONE } };
    },
  ],
  [
    'an outcome that a person decided although the provider can be asked',
    'noPerson',
    'req_none',
    () => {
      const ledger = [submit(KEY), submit(NONE, lost)];
      const facts = { unknownOutcomes: 2, decisions: [decided('adopt')], ...FOUND_ONE };
      return { accepted: [KEY, LOOKUP], ledger, none: completed(LOOKUP, facts) };
    },
  ],
])('[N12][N13] the checker finds %s', (_, rule, requestId, forged) => {
  const { violations } = run(forged());
  expect(violations).toEqual([{ rule: RULES[rule], requestId, evidence: expect.any(String) }]);
});

test('[N12][N13] what a lookup settled is no violation: found, and sent again where nothing arrived', () => {
  const accepted = [KEY, LOOKUP];
  const found = run({
    accepted,
    ledger: [submit(KEY), submit(NONE, lost)],
    none: completed(NONE, { unknownOutcomes: 1, ...FOUND_ONE }),
  });
  const ledger = [submit(KEY), submit(NONE, { ...lost, executed: false }), submit(NONE)];
  const sentAgain = run({
    accepted,
    ledger,
    none: completed(NONE, { unknownOutcomes: 1, lookups: [looked('none', ledger[1]!.arrivedAt + 1)] }),
    readings: [{ requestId: NONE.requestId, seen: seen(['outcome_unknown', 'submitting', 'processing', 'completed']) }],
  });
  const cutShort = run({
    accepted: [KEY, { ...LOOKUP, fate: 'short-deadline' }],
    ledger: [submit(KEY), submit(NONE, lost)],
    none: failed('failed', { errorType: 'OutcomeUnknown', retryable: false, ...FOUND_ONE }),
  });
  expect([...found.violations, ...sentAgain.violations, ...cutShort.violations]).toEqual([]);
  expect(found.counts).toMatchObject({ 'lookup: found, and taken over': 1, 'lookup: unknown, and executed': 1 });
  expect(sentAgain.counts).toMatchObject({ 'lookup: nothing had arrived, and it was sent again': 1 });
});
