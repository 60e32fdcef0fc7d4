import { CancellationScope, CancelledFailure, proxyActivities } from '@temporalio/workflow';
import type { CallbackLink, ServerActivities, Submission, SubmitInput } from '../contract/activities.ts';
import type { Idempotency } from '../contract/values.ts';
import { inTime } from './after-reset.ts';
import type { Request } from './create-request.ts';

/**
 * Where the server cannot hold the submit: an answer that is older than this may be wrong by the time that the cancel
 * arrives. In mode `none` only another worker's death could have made it so; in the others one call that is answered by a
 * 500, and is to be repeated.
 */
const FRESH_MS: Record<Idempotency, number> = { none: 5_000, key: 500, resend: 500 };
/** Of one question, its answer included. */
const LONGEST_QUESTION_MS = 60_000;
/** After so many answers that were too old nobody can say. */
const MOST_QUESTIONS = 5;

export interface SubmitOptions {
  mode: Idempotency;
  answerSlot: string | undefined;
  callback: CallbackLink | undefined;
  /** An earlier submit may have been executed. */
  resubmitted: Resubmission | null;
  /** Told before a cancellation is passed on: whether the server knows for sure that nothing was sent. */
  onConfirmed: (unsent: boolean) => void;
}

/** As in SubmitInput. */
export type Resubmission = Pick<SubmitInput, 'confirms' | 'firstSentAt'>;

/**
 * Submits the work. A cancellation of the request is passed on only after the server was asked whether anything was sent:
 * once it is passed on, an attempt that no worker has is gone, and with it what the one before it did.
 * @throws ActivityFailure as the activity ended
 */
export async function submitWork(request: Request, options: SubmitOptions): Promise<Submission> {
  const outer = CancellationScope.current();
  if (outer.consideredCancelled) throw new CancelledFailure('Cancelled before the submit');
  const shield = new CancellationScope({ cancellable: false });
  const own = new CancellationScope({ cancellable: true, parent: shield });
  const submitting = own.run(() => submit(request, options));
  let isOver = false;
  async function passOn(): Promise<void> {
    options.onConfirmed(
      await Promise.race([confirmUnsent(options.mode, request.queues.requests), submitting.then(no, no)]),
    );
    own.cancel();
  }
  outer.cancelRequested.catch(() => (isOver ? null : shield.run(passOn)));
  try {
    return await submitting;
  } finally {
    isOver = true;
  }
}

function no(): false {
  return false;
}

function submit(request: Request, { mode, answerSlot, callback, resubmitted }: SubmitOptions): Promise<Submission> {
  const { version, requestId, data, options, idempotency, priority, submittedAs } = request.args;
  const process = request.activity('process', `Submit the work${options.async ? ', asynchronous' : ''}`);
  return process({
    version,
    requestId,
    data,
    options: { async: options.async },
    // What its attempts leave behind is read as mode `none` leaves it, by a worker of another setting too.
    idempotency: mode === 'none' ? 'none' : idempotency,
    priority,
    ...(answerSlot !== undefined && { answerSlot }),
    ...(callback !== undefined && { callback }),
    ...(resubmitted && { resubmitted: true as const, ...resubmitted }),
    ...(submittedAs !== undefined && { submittedAs }),
  });
}

/** False also when nobody can say. */
async function confirmUnsent(mode: Idempotency, taskQueue: string): Promise<boolean> {
  const { confirmUnsent: ask } = proxyActivities<ServerActivities>({
    taskQueue,
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: LONGEST_QUESTION_MS,
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    summary: 'Was anything sent before the cancellation?',
  });
  try {
    for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
      const askedAt = Date.now();
      const { unsent, held } = await inTime(() => ask({ mode }), LONGEST_QUESTION_MS);
      if (!unsent || held || Date.now() - askedAt <= FRESH_MS[mode]) return unsent;
    }
    return false;
  } catch {
    return false;
  }
}
