import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Authentication, PollResult } from '../contract/activities.ts';
import type { ProcessResult } from '../contract/request.ts';
import { ending, type StepOver } from '../endings/ending.ts';
import {
  cancelledBetweenSteps,
  readStepOver,
  tooLateToBegin,
  type NamedBy,
  type StepFacts,
  type ToldStepOver,
} from '../endings/step-over.ts';
import { isAfterReset, isResetAfterDecision } from './after-reset.ts';
import { TooLate, type Request } from './create-request.ts';
import { Hold, type Resolved } from './outcome-unknown.ts';
import { RequestEnded } from './request-ended.ts';
import { failureOf, requestFailure, unknownOutcome, type RequestFailure } from './request-failure.ts';
import { submitWork, type Resubmission } from './submit-work.ts';
import { watchWork, type WatchedWork } from './watch-work.ts';

/** A result, and when it was stored, if the provider gave it to an earlier request. ISO 8601. */
export interface Answer {
  result: ProcessResult;
  storedAt: string | null;
}

/** An operator reset the workflow to before its submit, which may have been made in the run before. */
class SubmittedBeforeReset extends Error {}

/** The steps of one request, and what must be known of them when one is over without a result. */
export class Steps {
  readonly #request: Request;
  readonly #hold: Hold;
  /** Null until there is one. */
  authentication: Authentication | null = null;
  #step: StepOver['step'] = 'authenticate';
  #providerRequestId: string | null = null;
  #namedBy: NamedBy = 'submit';
  /** A submit may have been sent before the step. */
  #sentBefore = false;
  /** The provider has said that none of them arrived. */
  #neverArrived = false;
  #confirmedUnsent = false;
  /** Before the first submit that may have arrived. Milliseconds since 1970; null: none has. */
  #firstSentAt: number | null = null;

  constructor(request: Request) {
    this.#request = request;
    this.#hold = new Hold(request);
  }

  /**
   * The provider's result, or an earlier answer, whatever it takes to know the outcome of a submit.
   * @throws RequestEnded
   */
  async run(): Promise<Answer> {
    const { adopt } = this.#request.args;
    let next: Resolved | null =
      adopt === null ? null : { resubmit: false, providerRequestId: adopt, namedBy: 'person' };
    for (;;) {
      try {
        if (next?.resubmit === false) return await this.#taken(next);
        this.#neverArrived = next?.arrived === false;
        return await this.#submitted(next);
      } catch (error) {
        next = await this.#resolved(this.#openAfter(error));
      }
    }
  }

  /** @param again why it is submitted again; null: it is submitted for the first time */
  async #submitted(again: Extract<Resolved, { resubmit: true }> | null): Promise<Answer> {
    const decidedIn = again?.decidedIn ?? null;
    this.#checkReset(decidedIn);
    this.authentication ??= await this.#authenticated();
    const { cached, answerSlot, mode, callback } = this.authentication;
    if (cached) return cached;
    this.#checkReset(decidedIn);
    this.#step = 'process';
    this.#request.apply({ type: 'submitting' });
    const { providerRequestId, result, firstPollAfterMs } = await submitWork(this.#request, {
      mode: mode ?? 'none',
      answerSlot,
      callback,
      resubmitted: this.#resubmission(again?.confirms === true),
      onConfirmed: (unsent) => (this.#confirmedUnsent = unsent),
    });
    // If it was open, a callback had it asked.
    this.#hold.close();
    if (result !== null) {
      this.#request.apply({ type: 'submitted', providerRequestId });
      return { result, storedAt: null };
    }
    // The provider layer takes a reply with neither a result nor an id for an unreadable one.
    if (providerRequestId === null) throw new TypeError('The submission has neither a result nor an id');
    const { result: polled } = await this.#watched({
      providerRequestId,
      firstPollAfterMs,
      submittedAt: Date.now(),
      answerSlot,
      // Under another request's key the provider was given that one's URL.
      callbackExpected: callback !== undefined && this.#request.args.submittedAs === undefined,
    });
    return { result: polled, storedAt: null };
  }

  /** Also notes when the first submit goes out. */
  #resubmission(confirms: boolean): Resubmission | null {
    const { createdAt } = this.#request.state;
    if (!this.#sentBefore || this.#neverArrived) {
      this.#firstSentAt = Date.now();
      return null;
    }
    // The run before a reset sent it, or another request did.
    const unknown = this.#request.args.submittedAs === undefined ? Date.parse(createdAt) : 0;
    return { firstSentAt: this.#firstSentAt ?? unknown, ...(confirms && { confirms }) };
  }

  /** That it is the work of this input, a person says, or a list: not for other requests to rely on. */
  async #taken({ providerRequestId, namedBy, until }: Resolved & { resubmit: false }): Promise<Answer> {
    this.#namedBy = namedBy;
    const unknown = { firstPollAfterMs: null, submittedAt: null, answerSlot: undefined };
    const { result } = await this.#watched({ providerRequestId, ...unknown, ...(until !== undefined && { until }) });
    return { result, storedAt: null };
  }

  #authenticated(): Promise<Authentication> {
    this.#request.apply({ type: 'authenticating' });
    const { requestId, tenant, idempotency, cache } = this.#request.args;
    const authenticate = this.#request.activity('authenticate', 'Have a valid access token');
    if (cache.use === 'off') return authenticate({ requestId, idempotency });
    return authenticate({ requestId, idempotency, cache: { ...cache, tenant, use: cache.use } });
  }

  #watched(work: WatchedWork): Promise<PollResult> {
    const { providerRequestId } = work;
    this.#step = 'pollStatus';
    this.#providerRequestId = providerRequestId;
    this.#request.apply({ type: 'submitted', providerRequestId });
    return watchWork(this.#request, work);
  }

  async #resolved(failure: RequestFailure): Promise<Resolved> {
    this.#step = 'process';
    this.#sentBefore = true;
    this.#neverArrived = false;
    this.#providerRequestId = null;
    this.#namedBy = 'submit';
    try {
      const { looksUp = false, mode = null } = this.authentication ?? {};
      return await this.#hold.resolve(failure, { looksUp, keyed: mode === 'key' });
    } catch (error) {
      if (isCancellation(error)) this.#openAfter(error);
      throw error;
    }
  }

  /** The question that is open after `error`. @throws RequestEnded when there is none; what is no end of a step */
  #openAfter(error: unknown): RequestFailure {
    if (error instanceof SubmittedBeforeReset) return submittedBeforeReset();
    const over = this.#overBy(error);
    if (over === null) throw error;
    const then = ending(over);
    if ('next' in then) {
      if (then.next === 'hold') return unknownOutcome(over);
      throw new RequestEnded({ end: 'cancelling', providerRequestId: then.providerRequestId });
    }
    if (then.end === 'cancelled') throw new RequestEnded(then);
    const failure = failureOf(over, then, this.#request.args.deadlineMs);
    throw new RequestEnded({ end: 'failed', failure, cancellation: over.cancelRequested ? 'finished_anyway' : null });
  }

  #overBy(error: unknown): ToldStepOver | null {
    const cancelRequested = CancellationScope.current().consideredCancelled;
    // What never arrived is nothing that was done; but a cancellation must not say that nothing was sent.
    const sentBefore = this.#sentBefore && (cancelRequested || !this.#neverArrived);
    const facts: StepFacts = {
      step: this.#step,
      mode: this.authentication?.mode ?? 'none',
      providerRequestId: this.#providerRequestId,
      namedBy: this.#namedBy,
      sentBefore: sentBefore || isAfterReset(),
      cancelRequested,
      confirmedUnsent: this.#confirmedUnsent,
    };
    if (error instanceof ActivityFailure) return readStepOver(error, facts);
    if (error instanceof TooLate) return tooLateToBegin(facts);
    return isCancellation(error) ? cancelledBetweenSteps(facts) : null;
  }

  #checkReset(decidedIn: string | null): void {
    const isReset = decidedIn === null ? isAfterReset() : isResetAfterDecision(decidedIn);
    if (isReset) throw new SubmittedBeforeReset();
  }
}

function submittedBeforeReset(): RequestFailure {
  const message = 'The workflow was reset to before its submit, which may have been made already';
  return requestFailure('failed', 'OutcomeUnknown', message, { outcome: 'ambiguous' });
}
