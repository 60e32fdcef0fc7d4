import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import { IDEMPOTENCIES, OUTCOMES } from '../../src/contract/values.ts';
import { ending, type Ending, type StepOver } from '../../src/endings/ending.ts';

/** A submit that gave up on a refused connection. */
const OVER: StepOver = {
  step: 'process',
  over: 'gave_up',
  failure: 'unreachable',
  outcome: 'never-sent',
  confirmed: true,
  mode: 'none',
  providerRequestId: null,
  idInDoubt: false,
  cancelRequested: false,
};

const ambiguous = { failure: 'serverError', outcome: 'ambiguous' } as const;
const refused = { failure: 'rateLimited', outcome: 'refused' } as const;
const deadline = { over: 'deadline' } as const;
const cancel = { over: 'cancelled', cancelRequested: true } as const;
const poll = { step: 'pollStatus', providerRequestId: 'job-1', outcome: 'ambiguous' } as const;

const failed = (retryable: boolean, fallback = true): Ending => ({ end: 'failed', retryable, fallback });
const timedOut = (retryable: boolean): Ending => ({ end: 'timed_out', retryable, fallback: true });
const held: Ending = { next: 'hold' };
const nothingSent: Ending = { end: 'cancelled', cancellation: 'nothing_sent' };
const unknown: Ending = { end: 'cancelled', cancellation: 'outcome_unknown' };

test.each<[string, Partial<StepOver>, Ending]>([
  ['the final failure of the provider', { failure: 'rejected', outcome: 'final' }, failed(false, false)],
  ['the same of a status call', { ...poll, failure: 'reportedFailure', outcome: 'final' }, failed(false, false)],
  [
    'the same, although cancelled: it came first',
    { failure: 'rejected', outcome: 'final', ...cancel },
    failed(false, false),
  ],
  ['an id in doubt: the provider wants nothing of it', { ...poll, failure: 'declined', idInDoubt: true }, held],
  [
    'the same, cancelled',
    { ...poll, failure: 'declined', idInDoubt: true, ...cancel },
    { end: 'cancelled', cancellation: 'outcome_unknown' },
  ],
  ['an id in doubt: the deadline', { ...poll, ...deadline, failure: null, idInDoubt: true }, held],
  [
    'an id in doubt: cancelled, and never cancelled there',
    { ...poll, failure: null, idInDoubt: true, ...cancel },
    unknown,
  ],
  ['an ambiguous submit, tries used up, mode none', ambiguous, held],
  ['the same in mode key', { ...ambiguous, mode: 'key' }, held],
  ['the same in mode resend', { ...ambiguous, mode: 'resend' }, failed(true)],
  ['never sent after an earlier ambiguous one, mode key', { outcome: 'ambiguous', mode: 'key' }, held],
  ['a status call, tries used up', { ...poll, failure: 'serverError' }, failed(false)],
  ['never sent, tries used up', {}, failed(true)],
  ['refused for good', { failure: 'unauthorized', outcome: 'refused' }, failed(false, false)],
  ['a certificate that is not accepted, tries used up', { failure: 'badCertificate' }, failed(true)],
  ['never sent and cancelled', cancel, nothingSent],
  ['refused and cancelled', { ...refused, ...cancel }, nothingSent],
  [
    'never sent as it seems, cancelled, and nobody confirms it',
    { ...cancel, failure: null, confirmed: false },
    unknown,
  ],
  ['ambiguous and cancelled', { ...ambiguous, ...cancel }, unknown],
  ['ambiguous and cancelled in mode resend', { ...ambiguous, ...cancel, mode: 'resend' }, unknown],
  ['tries used up while cancellation was asked for', { cancelRequested: true }, nothingSent],
  ['accepted and cancelled', { ...poll, ...cancel }, { next: 'cancel_work', providerRequestId: 'job-1' }],
  ['the deadline, with an id', { ...poll, ...deadline, failure: null }, timedOut(false)],
  ['the deadline, a submit unanswered', { ...ambiguous, ...deadline }, held],
  ['the same in mode resend', { ...ambiguous, ...deadline, mode: 'resend' }, held],
  ['the deadline, and nobody confirms that nothing was sent', { ...deadline, confirmed: false }, held],
  ['the deadline, nothing sent', { ...deadline, failure: null }, timedOut(true)],
  ['the deadline, refused last', { ...deadline, ...refused }, timedOut(true)],
  ['the deadline while it had no token', { step: 'authenticate', ...deadline, failure: 'outage' }, timedOut(true)],
])('[N14] E1 E2 E3 E6: %s', (_what, over, then) => {
  expect(ending({ ...OVER, ...over })).toEqual(then);
});

const anyStepOver = fc.record<StepOver>({
  step: fc.constantFrom('authenticate', 'process', 'pollStatus'),
  over: fc.constantFrom('gave_up', 'deadline', 'cancelled'),
  failure: fc.option(fc.constantFrom(...(Object.keys(FAILURES) as FailureName[]))),
  outcome: fc.constantFrom(...OUTCOMES),
  confirmed: fc.boolean(),
  mode: fc.constantFrom(...IDEMPOTENCIES),
  providerRequestId: fc.option(fc.constant('job-1')),
  idInDoubt: fc.boolean(),
  cancelRequested: fc.boolean(),
});
/** What is said of an id in doubt says nothing of the work. */
const anyOver = anyStepOver.map((over): StepOver => (over.idInDoubt ? { ...over, outcome: 'ambiguous' } : over));

test('[N14][N1] whatever came back: what may have been executed is never called unsent, nor retryable unless it may be sent twice', () => {
  fc.assert(
    fc.property(anyOver, (over) => {
      const then = ending(over);
      const mayHaveRun = over.outcome === 'ambiguous' || (!over.confirmed && over.outcome !== 'final');
      if (!('end' in then)) return;
      if (then.end === 'cancelled') {
        expect(then.cancellation).toBe(mayHaveRun ? 'outcome_unknown' : 'nothing_sent');
        expect(over.cancelRequested).toBe(true);
      } else if (then.retryable) {
        expect(over.providerRequestId).toBeNull();
        expect(mayHaveRun && over.mode !== 'resend').toBe(false);
      }
    }),
  );
});

test('[N14] a cancelled request ends as cancelled, but for the final word of the provider that came first', () => {
  fc.assert(
    fc.property(anyOver, (over) => {
      const then = ending({ ...over, cancelRequested: true });
      if ('next' in then) expect(then.next).toBe('cancel_work');
      else expect(then.end).toBe(over.outcome === 'final' ? 'failed' : 'cancelled');
    }),
  );
});
