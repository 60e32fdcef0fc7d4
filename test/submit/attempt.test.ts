import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubmitInput, SubmitProgress } from '../../src/contract/activities.ts';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import { IDEMPOTENCIES, type Idempotency } from '../../src/contract/values.ts';
import type { ProcessReply } from '../../src/provider/provider-client.ts';
import { attempt, type AttemptDeps, type AttemptEnd, type AttemptFacts } from '../../src/submit/attempt.ts';
import type { Recorded } from '../../src/submit/intent-log.ts';
import { NOTHING_SUBMITTED, type EarlierFailure } from '../../src/submit/progress.ts';

const INPUT: SubmitInput = {
  version: 1,
  requestId: 'req_1',
  data: 1,
  options: { async: false, callbackUrl: null },
  idempotency: null,
  priority: 'interactive',
};
const REPLY: ProcessReply = { providerRequestId: 'job-1', result: null, retryAfterMs: null };

/** What the provider does with a call once its first byte has left, or before. */
type Met = 'reply' | FailureName;

/** A provider that counts what it may have executed, and a server that answers records as it is told. */
class World {
  mode: Idempotency = 'none';
  met: Met = 'reply';
  recorded: Recorded = 'recorded';
  isCancelled = false;
  remainingMs = 600_000;
  elapsedMs = 0;
  /** A heartbeat went out before the call. */
  hasRecorded = false;
  /** Calls whose first byte left, and those that were called repeats. */
  sent = 0;
  repeats = 0;
  records: SubmitProgress[] = [];
  asked = 0;

  readonly #deps = (progress: SubmitProgress): AttemptDeps => ({
    policy: { maxRetries: 3, retryDelayMs: 10, idempotency: this.mode },
    random: () => 0.5,
    log: {
      hasRecorded: this.hasRecorded,
      record: async () => {
        if (this.recorded === 'recorded') this.records.push({ ...progress });
        return this.recorded;
      },
    },
    provider: {
      isDown: false,
      process: async (_call, { beforeSend, repeated }) => {
        const row = this.met === 'reply' ? null : FAILURES[this.met];
        if (row?.outcome === 'never-sent') throw failed(this.met as FailureName);
        await beforeSend?.();
        this.sent += 1;
        if (repeated) this.repeats += 1;
        if (this.met !== 'reply') throw failed(this.met);
        return REPLY;
      },
    },
  });

  async attempt(
    progress: SubmitProgress,
    facts: { hasRecord?: boolean; isFirst?: boolean; lastFailure?: EarlierFailure | null } = {},
    input: Partial<SubmitInput> = {},
  ): Promise<AttemptEnd> {
    const { hasRecord = false, isFirst = true, lastFailure = null } = facts;
    const known: AttemptFacts = {
      hasRecord,
      isFirst,
      lastFailure: async () => {
        this.asked += 1;
        return lastFailure;
      },
      isCancelled: () => this.isCancelled,
      remainingMs: () => this.remainingMs,
      elapsedMs: () => this.elapsedMs,
    };
    return await attempt({ ...INPUT, ...input }, progress, known, this.#deps(progress));
  }
}

function failed(name: FailureName) {
  const { type, outcome } = FAILURES[name];
  return createExternalAPIError(type, name, { failure: name, outcome });
}

function world(set: Partial<World> = {}): World {
  return Object.assign(new World(), set);
}

const fresh = (): SubmitProgress => ({ ...NOTHING_SUBMITTED });
const died: EarlierFailure = { kind: 'timeout', details: null };
const LATER = { hasRecord: true, isFirst: false };
const UNRECORDED = { hasRecord: false, isFirst: false };

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

describe('how it ends', () => {
  test.each<[Idempotency, string]>([
    ['none', 'OutcomeUnknown'],
    ['key', 'OutcomeUnknown'],
    ['resend', 'ExternalAPIError'],
  ])('[N14][N1] E3: tries used up on ambiguous answers, mode %s: %s', async (mode, type) => {
    const provider = world({ mode, met: 'serverError' });
    const progress = fresh();
    let end = await provider.attempt(progress);
    while (end.end === 'failed' && end.failure.delayMs !== null) end = await provider.attempt(progress, LATER);
    expect(end).toMatchObject({ end: 'failed', failure: { type, details: { outcome: 'ambiguous' } } });
    expect(provider.sent).toBe(mode === 'none' ? 1 : 3);
    // Whoever gets the task once more, because Temporal did not get this end, finds the question open.
    expect(progress.sending || progress.mayHaveRun).toBe(true);
  });

  test.each(Object.keys(FAILURES) as FailureName[])(
    '[N14][N1] E3 E5: an unanswered submit, then %s: only a verdict closes the question',
    async (met) => {
      const provider = world({ mode: 'key', met: 'connectionLost' });
      const progress = fresh();
      await provider.attempt(progress);
      provider.met = met;
      let end = await provider.attempt(progress, LATER);
      for (let n = 0; n < 5 && end.end === 'failed' && end.failure.delayMs !== null; n++) {
        end = await provider.attempt(progress, LATER);
      }
      const { type, verdict } = FAILURES[met];
      if (verdict !== null)
        expect(end).toMatchObject({ failure: { type, details: { failure: met, outcome: 'final' } } });
      else expect(end).toMatchObject({ failure: { details: { failure: met, outcome: 'ambiguous' } } });
      if (verdict === null && end.end === 'failed' && end.failure.delayMs === null) {
        expect(end.failure.type).toBe('OutcomeUnknown');
      }
    },
  );

  test('[N14][N1] a worker that does not allow the repeat leaves open what the one before it sent', async () => {
    const provider = world();
    expect(await provider.attempt(fresh(), UNRECORDED, { idempotency: 'key' })).toMatchObject({
      failure: { type: 'OutcomeUnknown', details: { failure: 'notAllowed', outcome: 'ambiguous' } },
    });
    expect(provider.sent).toBe(0);
  });

  test('[N14] E4: a provider that still works on the first one is asked again, uncounted', async () => {
    const provider = world({ mode: 'key', met: 'connectionLost' });
    const progress = fresh();
    await provider.attempt(progress);
    provider.met = 'stillRunning';
    for (let n = 0; n < 20; n++) {
      expect(await provider.attempt(progress, LATER)).toMatchObject({ failure: { delayMs: expect.any(Number) } });
    }
    provider.met = 'reply';
    expect(await provider.attempt(progress, LATER)).toMatchObject({ end: 'submitted' });
    expect(provider).toMatchObject({ sent: 22, repeats: 21 });
  });

  test('[N14] E6: a wait that reaches past the deadline lasts until then; the attempt after it calls nobody', async () => {
    const provider = world({ met: 'rateLimited', remainingMs: 5_000 });
    const progress = { ...fresh(), waits: 30 };
    const end = await provider.attempt(progress, LATER);
    expect(end).toMatchObject({ failure: { delayMs: 4_900 } });
    Object.assign(provider, { met: 'reply', remainingMs: 100 });
    expect(await provider.attempt(progress, LATER)).toMatchObject({
      failure: { details: { failure: 'rateLimited', outcome: 'refused' } },
    });
    expect(provider.sent).toBe(1);
  });

  test('[N14] an idempotency that the worker does not allow ends before anything is sent', async () => {
    const provider = world();
    expect(await provider.attempt(fresh(), {}, { idempotency: 'key' })).toMatchObject({
      failure: { delayMs: null, details: { failure: 'notAllowed', outcome: 'never-sent' } },
    });
    expect(provider.sent).toBe(0);
  });
});

const ANY_MET = fc.constantFrom<Met>('reply', ...(Object.keys(FAILURES) as FailureName[]));
const STEP = fc.record({
  met: ANY_MET,
  recorded: fc.constantFrom<Recorded>('recorded', 'recorded', 'recorded', 'cancelled', 'not_ours', 'unknown'),
  /** The worker dies after its call, before Temporal learns of the end. */
  dies: fc.boolean(),
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
          maySent = outcome === 'ambiguous' || outcome === 'final' || dies;
        }
        if (dies) {
          record = provider.records.length > length ? provider.records.at(-1)! : record;
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
