import { expect, test } from 'vitest';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import { IDEMPOTENCIES, type Idempotency } from '../../src/contract/values.ts';
import { isUnsent } from '../../src/submit/progress.ts';
import { died, fresh, LATER, UNRECORDED, world } from './attempt-world.ts';

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
    if (verdict !== null) expect(end).toMatchObject({ failure: { type, details: { failure: met, outcome: 'final' } } });
    else expect(end).toMatchObject({ failure: { details: { failure: met, outcome: 'ambiguous' } } });
    if (verdict === null && end.end === 'failed' && end.failure.delayMs === null) {
      expect(end.failure.type).toBe('OutcomeUnknown');
    }
  },
);

test.each(IDEMPOTENCIES)(
  '[N14][N1] E11: who gets the task after an end that Temporal did not get tells it again, and calls nobody, mode %s',
  async (mode) => {
    for (const met of Object.keys(FAILURES) as FailureName[]) {
      const provider = world({ mode, met });
      const progress = fresh();
      let end = await provider.attempt(progress);
      for (let n = 0; n < 5 && end.end === 'failed' && end.failure.delayMs !== null; n++) {
        end = await provider.attempt(progress, LATER);
      }
      const { sent } = provider;
      const again = await provider.attempt(progress, LATER);
      if (end.end !== 'failed' || end.failure.delayMs !== null) continue;
      expect(again).toMatchObject({ end: 'failed', failure: { ...end.failure, benign: false } });
      expect(provider.sent).toBe(sent);
      const nothingDone = ['never-sent', 'refused'].includes(String(end.failure.details.outcome));
      expect(isUnsent({ record: progress, isFirst: false, lastFailure: died }, true)).toBe(nothingDone);
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
