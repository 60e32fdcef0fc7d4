import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { PollInput, PollResult } from '../contract/activities.ts';
import type { Request } from './create-request.ts';
import { HintPlan } from './hint-plan.ts';

export interface WatchedWork {
  providerRequestId: string;
  firstPollAfterMs: number | null;
  /** Milliseconds since 1970; null: not known. */
  submittedAt: number | null;
  answerSlot: string | undefined;
  /** Until then it is watched, where that is not the request's deadline. Milliseconds since 1970. */
  until?: number;
}

/** The finished work. A callback that is heeded replaces the poll by one that looks at once, or when its turn has come. */
export async function watchWork(request: Request, work: WatchedWork): Promise<PollResult> {
  const plan = new HintPlan();
  // One that came before there was anything to look at counts.
  let seen = 0;
  let lookWithinMs = request.callbacks > seen ? plan.heed(Date.now()) : work.submittedAt === null ? 0 : null;
  seen = request.callbacks;

  async function hint(): Promise<number> {
    for (;;) {
      await condition(() => request.callbacks > seen);
      seen = request.callbacks;
      const withinMs = plan.heed(Date.now());
      if (withinMs !== null) return withinMs;
    }
  }

  for (;;) {
    const scope = new CancellationScope();
    const polling = scope.run(() => poll(request, work, { lookWithinMs, looks: plan.looks }));
    const first = await Promise.race([polling, scope.run(hint)]);
    scope.cancel();
    if (typeof first !== 'number') return first;
    lookWithinMs = first;
    try {
      return await polling;
    } catch (error) {
      if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    }
  }
}

async function poll(
  { args, activity }: Request,
  { providerRequestId, firstPollAfterMs, submittedAt, answerSlot, until }: WatchedWork,
  looks: Pick<PollInput, 'lookWithinMs' | 'looks'>,
): Promise<PollResult> {
  const { requestId, kind } = args;
  const withinMs = until === undefined ? undefined : Math.max(0, until - Date.now());
  return await activity(
    'pollStatus',
    `GET /status/${providerRequestId}`,
    withinMs,
  )({
    requestId,
    providerRequestId,
    firstPollAfterMs,
    submittedAt,
    kind,
    ...looks,
    ...(answerSlot !== undefined && { answerSlot }),
  });
}
