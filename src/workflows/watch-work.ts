import { CancellationScope } from '@temporalio/workflow';
import type { PollInput, PollResult } from '../contract/activities.ts';
import { shortened } from './activity-options.ts';
import { measure } from './count.ts';
import type { Request } from './create-request.ts';
import { HintPlan } from './hint-plan.ts';

export interface WatchedWork {
  providerRequestId: string;
  firstPollAfterMs: number | null;
  /** Milliseconds since 1970; null: not known. */
  submittedAt: number | null;
  answerSlot: string | undefined;
  /** As in PollInput. */
  callbackExpected?: boolean;
  /** Until then it is watched, where that is later than the request's deadline. Milliseconds since 1970. */
  until?: number;
}

/**
 * The finished work. A callback that is heeded asks for one look beside the poll, which keeps its place in the queue and
 * the count of its failures. The next one is heeded when that look was made: there are never more than two calls waiting.
 */
export async function watchWork(request: Request, work: WatchedWork): Promise<PollResult> {
  const plan = new HintPlan(Date.now());
  const scope = new CancellationScope();
  const start = (look: Look): Promise<PollResult | null> => scope.run(() => poll(request, work, look));
  let isLooking = false;
  /** When the callback came that the look is for. */
  let arrivedAt: number | null = null;

  const found = new Promise<PollResult>((resolve, reject) => {
    function lookIfHinted(): void {
      if (isLooking || !plan.isNews(request.lastCallbackAt)) return;
      isLooking = true;
      arrivedAt = request.takeArrival();
      start({ lookAfterMs: plan.heed(Date.now()), once: true }).then(looked, reject);
    }
    function looked(seen: PollResult | null): void {
      isLooking = false;
      if (seen !== null) return resolve(seen);
      arrivedAt = null;
      lookIfHinted();
    }
    function polled(seen: PollResult | null): void {
      if (seen !== null) return resolve(seen);
      reject(new TypeError('A poll that was to go on has ended without a result'));
    }
    request.onCallback = lookIfHinted;
    scope.cancelRequested.catch(reject);
    start({ lookAfterMs: work.submittedAt === null ? 0 : null }).then(polled, reject);
    // One that came before there was anything to look at counts, and is heeded as one that comes now: the SDK replays a
    // callback before an answer that came first, where a query was between the two. Work that is taken over is looked at now.
    if (work.submittedAt !== null) lookIfHinted();
  });
  try {
    const result = await found;
    arrivedAt ??= request.takeArrival();
    if (arrivedAt !== null) measure('external_api_callback_latency', LATENCY_MEANS, Date.now() - arrivedAt);
    return result;
  } finally {
    request.onCallback = null;
    scope.cancel();
  }
}

const LATENCY_MEANS = 'From the arrival of the callback that told of it to the end of a request';

type Look = Pick<PollInput, 'lookAfterMs' | 'once'>;

function poll(
  { args, activity }: Request,
  { providerRequestId, firstPollAfterMs, submittedAt, answerSlot, callbackExpected, until }: WatchedWork,
  look: Look,
): Promise<PollResult | null> {
  const { requestId, kind } = args;
  const withinMs = until === undefined ? undefined : until - Date.now();
  return activity(
    'pollStatus',
    `Ask about ${shortened(providerRequestId)}${look.once ? ', because of a callback' : ''}`,
    withinMs,
  )({
    requestId,
    providerRequestId,
    firstPollAfterMs,
    submittedAt,
    kind,
    ...look,
    ...(callbackExpected && { callbackExpected }),
    ...(answerSlot !== undefined && { answerSlot }),
  });
}
