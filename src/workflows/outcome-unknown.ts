import { CancellationScope, condition, log, workflowInfo } from '@temporalio/workflow';
import type { Found } from '../contract/activities.ts';
import type { NamedBy } from '../endings/step-over.ts';
import { setAttention } from './attention.ts';
import { count } from './count.ts';
import type { Request } from './create-request.ts';
import { findWork } from './find-work.ts';
import { hintGapMs } from './hint-plan.ts';
import { RequestEnded } from './request-ended.ts';
import { requestFailure, type RequestFailure } from './request-failure.ts';
import { seconds } from './tell-end.ts';

/** What to do with an unknown outcome. */
export type Resolved =
  /** In the run `decidedIn`; empty: it is not known in which. */
  | { resubmit: true; decidedIn: string }
  /** Look at the work with this id until the deadline, or until then. Milliseconds since 1970. */
  | { resubmit: false; providerRequestId: string; namedBy: Exclude<NamedBy, 'submit'>; until?: number };

/** What the Web UI calls the timer. */
const HOLD = { summary: 'Until somebody decides, or the hold ends' };
/** What needs no person. */
type Decisive = Exclude<Found, { found: 'several' }>;

/** Holds a request whose outcome is unknown. One hold lasts until a person decides, however many callbacks come. */
export class Hold {
  readonly #request: Request;
  #times: { since: number; endsAt: number } | null = null;
  #heedHintsFrom = -Infinity;
  /** What the provider has under our reference; null: that is not known. */
  #found: Found | null = null;

  constructor(request: Request) {
    this.#request = request;
  }

  /**
   * Waits, visibly, until a person decides, a callback names the provider's id, the provider lists the work under our
   * reference, or the hold ends.
   * @throws RequestEnded when it is abandoned, or nobody decided in time
   */
  async resolve(failure: RequestFailure, { looksUp }: { looksUp: boolean }): Promise<Resolved> {
    const { args } = this.#request;
    const holdMs = args.unknownHoldMs ?? args.deadlineMs;
    const isNew = this.#times === null;
    this.#times ??= { since: Date.now(), endsAt: Date.now() + holdMs };
    const { since, endsAt } = this.#times;
    this.#show(failure, endsAt);
    if (isNew) this.#tell(failure, endsAt);
    const looking = new CancellationScope();
    try {
      if (looksUp && this.#found === null) looking.run(() => this.#find({ sentBefore: since, endsAt })).catch(() => {});
      await this.#untilResolved(endsAt);
    } finally {
      looking.cancel();
    }
    // A person's word goes before a callback's.
    const decided = this.#request.takeResolution();
    if (decided !== null) {
      const { decision, by, reason, providerRequestId, runId = '' } = decided;
      if (decision === 'abandon') throw unresolved(failure, `Abandoned by ${by} (${reason})`);
      this.#times = null;
      setAttention(args, null);
      const deadlineAt = this.#request.restartDeadline();
      log.info('A person decided on the unknown outcome, and the request has its whole time again', {
        event: 'external_api_outcome_decided',
        request_id: args.requestId,
        tenant: args.tenant,
        decision,
        by,
        reason,
        provider_request_id: providerRequestId,
        held: seconds(Date.now() - since),
        deadline_at: deadlineAt,
      });
      if (providerRequestId === null) return { resubmit: true, decidedIn: runId };
      return { resubmit: false, providerRequestId, namedBy: 'person' };
    }
    const until = Math.max(endsAt, Date.now() + this.#request.remainingMs);
    const found = this.#saysFound;
    if (found !== null) return this.#settled(found, since, until);
    const hint = this.#heedsHints ? this.#request.takeHint() : null;
    if (hint === null) throw unresolved(failure, `Nobody decided within ${holdMs / 1000} s`);
    this.#heedHintsFrom = Date.now() + hintGapMs(Date.now() - since);
    // A hint moves no deadline; but the hold, if it is longer, is a time to look in.
    this.#show(failure, until);
    return { resubmit: false, providerRequestId: hint, namedBy: 'callback', until };
  }

  /** Resolves when the work that a callback named is to be left: a person decided, or one that is heeded names another. */
  async untilLeft(providerRequestId: string): Promise<void> {
    const isDecided = (): boolean => this.#request.resolution !== null;
    await condition(() => isDecided() || ![null, providerRequestId].includes(this.#request.hint));
    const leftMs = this.#heedHintsFrom - Date.now();
    if (!isDecided() && leftMs > 0) await condition(isDecided, leftMs);
  }

  async #find({ sentBefore, endsAt }: { sentBefore: number; endsAt: number }): Promise<void> {
    const withinMs = endsAt - Date.now();
    if (withinMs > 0) this.#found = await findWork(this.#request, { sentBefore, withinMs });
  }

  /** Null: nothing that decides. Of several works a person says which is ours; and what never arrived is late now. */
  get #saysFound(): Decisive | null {
    const found = this.#found;
    if (found === null || found.found === 'several') return null;
    return found.found === 'none' && this.#request.remainingMs === 0 ? null : found;
  }

  #settled(found: Decisive, since: number, until: number): Resolved {
    const { args } = this.#request;
    this.#times = null;
    this.#found = null;
    setAttention(args, null);
    const providerRequestId = found.found === 'one' ? found.providerRequestId : null;
    const what =
      providerRequestId === null ? 'no submit had arrived, and the work is submitted again' : 'it has the work';
    log.info(`The provider was asked by our reference: ${what}`, {
      event: 'external_api_outcome_found',
      request_id: args.requestId,
      tenant: args.tenant,
      found: found.found,
      provider_request_id: providerRequestId,
      held: seconds(Date.now() - since),
    });
    if (providerRequestId === null) return { resubmit: true, decidedIn: workflowInfo().runId };
    return { resubmit: false, providerRequestId, namedBy: 'lookup', until };
  }

  get #heedsHints(): boolean {
    return Date.now() >= this.#heedHintsFrom;
  }

  async #untilResolved(endsAt: number): Promise<void> {
    const isResolved = (): boolean =>
      this.#request.resolution !== null ||
      this.#saysFound !== null ||
      (this.#request.hint !== null && this.#heedsHints);
    // Only a timer wakes the workflow when hints are heeded again.
    for (const until of [this.#heedHintsFrom, endsAt]) {
      const leftMs = Math.min(until, endsAt) - Date.now();
      if (isResolved() || (leftMs > 0 && (await condition(isResolved, leftMs, HOLD)))) return;
    }
  }

  #show({ error }: RequestFailure, endsAt: number): void {
    this.#request.apply({ type: 'outcome_unknown', error, holdUntil: new Date(endsAt).toISOString() });
  }

  /** Once for each question, however many callbacks named a work that was none of ours. */
  #tell({ error }: RequestFailure, endsAt: number): void {
    const { args, tally } = this.#request;
    setAttention(args, 'outcome_unknown');
    count('external_api_outcomes_unknown', 'Requests whose submit may or may not have been executed');
    log.warn('The outcome of a submit is unknown; it waits for a callback or a decision', {
      event: 'external_api_outcome_unknown',
      request_id: args.requestId,
      tenant: args.tenant,
      error_type: error.type,
      reason: error.message,
      failure: error.failure,
      status_code: error.statusCode,
      submits: tally.calls.process,
      hold_until: new Date(endsAt).toISOString(),
    });
  }
}

function unresolved({ error, details }: RequestFailure, why: string): RequestEnded {
  const message = `${why}. The provider may have done the work. ${error.message}`;
  const failure = requestFailure('failed', 'OutcomeUnknown', message, details);
  return new RequestEnded({ end: 'failed', failure, cancellation: null });
}
