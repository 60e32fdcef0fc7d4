import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubmitProgress } from '../../src/contract/activities.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import { IDEMPOTENCIES } from '../../src/contract/values.ts';
import type { Recorded } from '../../src/submit/intent-log.ts';
import type { EarlierFailure } from '../../src/submit/progress.ts';
import { died, fresh, LATER, UNRECORDED, world, type Met } from './attempt-world.ts';

describe('the intent', () => {
  test('[N1] mode none records it before the first byte, and leaves the answer to the completion', async () => {
    const provider = world();
    expect(await provider.attempt(fresh())).toMatchObject({
      end: 'submitted',
      submission: { providerRequestId: 'job-1' },
    });
    expect(provider.records).toMatchObject([{ sending: true }]);
  });

  test('[N1] the modes that repeat anyway record nothing when they are young, first and unrecorded, and that they send when not', async () => {
    for (const mode of ['key', 'resend'] as const) {
      const young = world({ mode });
      await young.attempt(fresh());
      expect(young.records).toEqual([]);
      const old = world({ mode, elapsedMs: 6_000 });
      await old.attempt(fresh());
      const later = world({ mode });
      await later.attempt(fresh(), LATER);
      const beaten = world({ mode, hasRecorded: true });
      await beaten.attempt(fresh());
      expect([old, later, beaten].map(({ records }) => records)).toMatchObject(
        Array.from({ length: 3 }, () => [{ sending: true }]),
      );
    }
  });

  test.each(IDEMPOTENCIES)(
    '[N1][N14] who waited for a token or a permit until after the deadline asks before it sends, mode %s',
    async (mode) => {
      const late = world({ mode, remainingMs: 0, recorded: 'not_ours' });
      expect(await late.attempt(fresh())).toEqual({ end: 'not_ours' });
      expect(late.sent).toBe(0);
      // The server may know better, by its clock.
      const inTime = world({ mode, remainingMs: -1 });
      expect(await inTime.attempt(fresh())).toMatchObject({ end: 'submitted' });
      expect(inTime.records).toMatchObject([{ sending: true }]);
    },
  );

  test.each(IDEMPOTENCIES)(
    '[N14][N1] E11: its acknowledgement is lost: nothing is sent, and the next attempt sends, mode %s',
    async (mode) => {
      const provider = world({ mode, recorded: 'unknown', elapsedMs: 6_000 });
      const progress = fresh();
      expect(await provider.attempt(progress)).toMatchObject({
        end: 'failed',
        failure: {
          type: 'ExternalAPIError',
          details: { failure: 'notRecorded', outcome: 'never-sent' },
          delayMs: expect.any(Number),
        },
      });
      expect(provider.sent).toBe(0);
      expect(progress).toMatchObject({ sending: false, mayHaveRun: false });
      provider.recorded = 'recorded';
      expect(await provider.attempt(progress, LATER)).toMatchObject({ end: 'submitted' });
      expect(provider).toMatchObject({ sent: 1, repeats: 0 });
    },
  );

  test('[N1] a worker whose task is another’s sends nothing, and says nothing', async () => {
    const provider = world({ recorded: 'not_ours' });
    expect(await provider.attempt(fresh())).toEqual({ end: 'not_ours' });
    expect(provider.sent).toBe(0);
  });

  test.each([false, true])(
    '[N14][N11] E1: cancelled before it is sent (found out by the record: %s)',
    async (byRecord) => {
      const provider = world(byRecord ? { recorded: 'cancelled' } : { isCancelled: true });
      expect(await provider.attempt(fresh())).toEqual({ end: 'cancelled', outcome: 'never-sent' });
      const again = { ...fresh(), mayHaveRun: true };
      expect(await provider.attempt(again, LATER)).toEqual({ end: 'cancelled', outcome: 'ambiguous' });
      expect(provider.sent).toBe(0);
    },
  );
});

describe('an attempt that is not the first', () => {
  test('[N1] mode none: with an open intent it never sends', async () => {
    const provider = world();
    expect(await provider.attempt({ ...fresh(), sending: true }, LATER)).toMatchObject({
      failure: { type: 'OutcomeUnknown', delayMs: null, details: { failure: 'workerLost', outcome: 'ambiguous' } },
    });
    expect(provider.sent).toBe(0);
  });

  test('[N14] E11: mode none, without a record: it sends when the one before died without an intent', async () => {
    const provider = world();
    expect(await provider.attempt(fresh(), { ...UNRECORDED, lastFailure: died })).toMatchObject({ end: 'submitted' });
  });

  test('[N14][N1] E11: mode none, without a record and without a failure before it: somebody reset it', async () => {
    const provider = world();
    expect(await provider.attempt(fresh(), UNRECORDED)).toMatchObject({ failure: { type: 'OutcomeUnknown' } });
    expect(provider).toMatchObject({ sent: 0, asked: 1 });
  });

  test('[N1] the modes that repeat send, as a repeat unless the record says that nothing arrived', async () => {
    const unrecorded = world({ mode: 'key' });
    await unrecorded.attempt(fresh(), UNRECORDED);
    expect(unrecorded).toMatchObject({ sent: 1, repeats: 1, asked: 0 });
    const refused = world({ mode: 'key' });
    await refused.attempt({ ...fresh(), calls: 1, waits: 1 }, LATER);
    expect(refused).toMatchObject({ sent: 1, repeats: 0 });
  });
});

const ANY_MET = fc.constantFrom<Met>('reply', ...(Object.keys(FAILURES) as FailureName[]));
const STEP = fc.record({
  met: ANY_MET,
  recorded: fc.constantFrom<Recorded>('recorded', 'recorded', 'recorded', 'cancelled', 'not_ours', 'unknown'),
  /** The worker dies after its call, before Temporal learns of the end, or of its last record too. */
  dies: fc.constantFrom('before its record', 'before its end', null),
});

test('[N1][N14] E11: whatever happens, in mode none nothing is sent after a call that may have been executed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 8 }), async (steps) => {
      const provider = world();
      let record: SubmitProgress | null = null;
      let lastFailure: EarlierFailure | null = null;
      let maySent = false;
      for (const [n, { met, recorded, dies }] of steps.entries()) {
        Object.assign(provider, { met, recorded });
        const { sent } = provider;
        const progress: SubmitProgress = record === null ? fresh() : { ...record };
        const { length } = provider.records;
        const facts = { hasRecord: record !== null, isFirst: n === 0, lastFailure };
        const end = await provider.attempt(progress, facts);
        if (provider.sent > sent) {
          expect(maySent).toBe(false);
          const outcome = met === 'reply' ? 'final' : FAILURES[met].outcome;
          maySent = outcome === 'ambiguous' || outcome === 'final' || dies === 'before its record';
        }
        if (dies !== null) {
          const last: SubmitProgress | null = provider.records.slice(length).at(-1) ?? record;
          // What a failed attempt tells the next one goes out before its failure.
          record = dies === 'before its end' && end.end === 'failed' ? { ...progress } : last;
          lastFailure = died;
        } else {
          if (end.end !== 'failed' || end.failure.delayMs === null) return;
          record = { ...progress };
          lastFailure = { kind: 'application', details: end.failure.details };
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('[M14] the retry count of a submit is how many were sent before it, and no wait, whatever a worker died of', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ met: ANY_MET, recorded: fc.constantFrom<Recorded>('recorded', 'unknown'), dies: fc.boolean() }),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      async (steps) => {
        const provider = world({ mode: 'key' });
        let record = { ...fresh() };
        for (const { met, recorded, dies } of steps) {
          Object.assign(provider, { met, recorded });
          const progress = { ...record };
          const { length } = provider.records;
          await provider.attempt(progress, LATER);
          // Of a worker that died only what it had recorded is left, and without a record what it found.
          record = dies ? (provider.records.slice(length).at(-1) ?? record) : progress;
          record.ended = false;
        }
        expect(provider.retryCounts).toEqual(provider.retryCounts.map((_, before) => before));
      },
    ),
  );
});

describe('a key that the provider forgets', () => {
  const HOUR = 3_600_000;

  test('[N1][N13] protects a repeat while it is known, counted from the first submit; then the outcome is unknown', async () => {
    const provider = world({ mode: 'key', met: 'noAnswer', keyMs: HOUR });
    const progress = fresh();
    await provider.attempt(progress);
    provider.now += HOUR / 2;
    await provider.attempt(progress, LATER);
    expect(provider).toMatchObject({ sent: 2, repeats: 1 });
    provider.now += HOUR / 2;
    expect(await provider.attempt(progress, LATER)).toMatchObject({
      failure: { type: 'OutcomeUnknown', delayMs: null, details: { failure: 'keyLapsed', outcome: 'ambiguous' } },
    });
    expect(provider.sent).toBe(2);
  });

  test('[N1][N13] counts from the beginning of the step where nobody knows when it was sent', async () => {
    const provider = world({ mode: 'key', keyMs: HOUR, now: 1_000_000 + HOUR });
    expect(await provider.attempt(fresh(), { ...UNRECORDED, lastFailure: died })).toMatchObject({
      failure: { type: 'OutcomeUnknown', details: { failure: 'keyLapsed' } },
    });
    expect(provider.sent).toBe(0);
  });

  test('[N1] a person’s resubmit goes out once after that, also after a refusal; what follows counts from the first submit of all', async () => {
    const provider = world({ mode: 'key', met: 'rateLimited', keyMs: HOUR, now: 1_000_000 + 2 * HOUR });
    const progress = fresh();
    const again = { resubmitted: true, firstSentAt: 1_000_000 } as const;
    await provider.attempt(progress, {}, again);
    provider.met = 'noAnswer';
    await provider.attempt(progress, LATER, again);
    expect(provider).toMatchObject({ sent: 2, repeats: 2 });
    expect(await provider.attempt(progress, LATER, again)).toMatchObject({
      failure: { type: 'OutcomeUnknown', details: { failure: 'keyLapsed' } },
    });
    expect(provider.sent).toBe(2);
  });

  test('[N1] a repeat that a callback asked for is sent while the key is known, and only where keys are heeded', async () => {
    const confirms = { resubmitted: true, confirms: true, firstSentAt: 1_000_000 } as const;
    const known = world({ mode: 'key', keyMs: HOUR, now: 1_000_000 + HOUR / 2 });
    expect(await known.attempt(fresh(), {}, confirms)).toMatchObject({ end: 'submitted' });
    expect(known).toMatchObject({ sent: 1, repeats: 1 });
    for (const of of [{ mode: 'key', now: 1_000_000 + HOUR }, { mode: 'none' }, { mode: 'resend' }] as const) {
      const other = world({ keyMs: HOUR, ...of });
      expect(await other.attempt(fresh(), {}, confirms)).toMatchObject({
        end: 'failed',
        failure: { details: { failure: 'keyLapsed', outcome: 'ambiguous' } },
      });
      expect(other.sent).toBe(0);
    }
  });

  test('[N4][N13] a submit whose callback key is not there is not sent, and waits for a worker that has it', async () => {
    const provider = world({ mode: 'none' });
    const callback = { keyId: 'k9', baseUrl: 'https://jobs.example.com' };
    expect(await provider.attempt(fresh(), {}, { callback })).toMatchObject({
      failure: {
        message: expect.stringContaining('the key "k9", which is not among the keys here (EXTERNAL_API_CALLBACK_KEYS)'),
        delayMs: expect.any(Number),
        details: { failure: 'noCallbackKey', outcome: 'never-sent' },
      },
    });
    expect(provider.sent).toBe(0);
  });

  test('[N1][N13] is no matter of a submit that was refused, nor where sending twice is harmless', async () => {
    const refused = world({ mode: 'key', met: 'rateLimited', keyMs: HOUR });
    const progress = fresh();
    await refused.attempt(progress);
    refused.now += 2 * HOUR;
    refused.met = 'reply';
    expect(await refused.attempt(progress, LATER)).toMatchObject({ end: 'submitted' });
    const harmless = world({ mode: 'resend', met: 'noAnswer', keyMs: HOUR });
    const resent = fresh();
    await harmless.attempt(resent);
    harmless.now += 2 * HOUR;
    await harmless.attempt(resent, LATER);
    expect(harmless.sent).toBe(2);
  });
});
