import { CancellationScope, condition, log } from '@temporalio/workflow';
import { wasAnswered } from '../contract/failures.ts';
import type { Resolution } from '../contract/request.ts';
import type { NamedBy } from '../endings/step-over.ts';
import { setAttention } from './attention.ts';
import { count } from './count.ts';
import type { Request } from './create-request.ts';
import { findWork, type LookedUp } from './find-work.ts';
import { hintGapMs } from './hint-plan.ts';
import { RequestEnded } from './request-ended.ts';
import { requestFailure, type RequestFailure } from './request-failure.ts';
import { seconds } from './tell-end.ts';

/** What to do with an unknown outcome. */
export type Resolved =
  /** In the run `decidedIn`; empty: it is not known in which. `arrived`: whether a submit may have. */
  | { resubmit: true; decidedIn: string; arrived: boolean }
  /** Look at the work with this id until the deadline, or until then. Milliseconds since 1970. */
  | { resubmit: false; providerRequestId: string; namedBy: Exclude<NamedBy, 'submit'>; until?: number };

/** What the Web UI calls the timer. */
const HOLD = { summary: 'Until somebody decides, or the hold ends' };

/** What needs no person. */
type Decisive = Extract<LookedUp, { found: 'one' | 'none' }>;

interface Times {
  since: number;
  endsAt: number;
}

/** Holds a request whose outcome is unknown. One hold lasts until that is settled, however many callbacks come. */
export class Hold {
  readonly #request: Request;
  /** Of the question that is open. */
  #times: Times | null = null;
  #heedHintsFrom = -Infinity;
  #looking: CancellationScope | null = null;
  /** What the provider has under our reference; null: that is not known yet. */
  #found: LookedUp | null = null;

  constructor(request: Request) {
    this.#request = request;
  }

  /**
   * Waits, visibly, until a person decides, the provider is found to have the work, a callback names it, or the hold ends.
   * @throws RequestEnded when it is abandoned, or nobody decided in time
   */
  async resolve(failure: RequestFailure, { looksUp }: { looksUp: boolean }): Promise<Resolved> {
    const isNew = this.#times === null;
    this.#times ??= { since: Date.now(), endsAt: Date.now() + this.#holdMs };
    const times = this.#times;
    this.#show(failure, times.endsAt);
    if (isNew) this.#tell(failure, times.endsAt);
    if (isNew && looksUp) this.#look(failure, times);
    await this.#untilResolved(times.endsAt);
    // A person's word goes first, and the provider's before a callback's.
    const decided = this.#request.takeResolution();
    if (decided !== null) return this.#asDecided(decided, failure, times);
    const found = this.#decisive;
    return found === null ? this.#asHinted(failure, times) : this.#asFound(found, times);
  }

  /** Resolves when the work that a callback named is to be left: it is settled, or one that is heeded names another. */
  async untilLeft(providerRequestId: string): Promise<void> {
    await condition(() => this.#isSettled || ![null, providerRequestId].includes(this.#request.hint));
    const leftMs = this.#heedHintsFrom - Date.now();
    if (!this.#isSettled && leftMs > 0) await condition(() => this.#isSettled, leftMs);
  }

  /** The question is none any more. What is known of it says nothing of the next one. */
  close(): void {
    this.#looking?.cancel();
    this.#looking = null;
    this.#found = null;
    this.#times = null;
  }

  /** A person has decided, or the provider has said what needs none. */
  get #isSettled(): boolean {
    return this.#request.resolution !== null || this.#decisive !== null;
  }

  get #holdMs(): number {
    const { unknownHoldMs, deadlineMs } = this.#request.args;
    return unknownHoldMs ?? deadlineMs;
  }

  /** As long as the question is open, also while work is looked at that only a callback named: that may be another's. */
  #look(failure: RequestFailure, times: Times): void {
    this.#looking = new CancellationScope();
    this.#looking.run(() => this.#find(failure, times)).catch(() => {});
  }

  async #find(failure: RequestFailure, times: Times): Promise<void> {
    const { since, endsAt } = times;
    const withinMs = endsAt - Date.now();
    if (withinMs <= 0) return;
    const found = await findWork(this.#request, { sentBefore: since, answered: wasAnswered(failure.error), withinMs });
    // What comes together with a decision is no word on what that leads to.
    if (this.#times !== times) return;
    this.#found = found;
    if (found === null || this.#decisive !== null) return;
    this.#show(failure, endsAt);
    this.#tellFound(found, since, undecided(found));
  }

  /** Null: nothing that decides. Of several works a person says which is ours; and what never arrived is late now. */
  get #decisive(): Decisive | null {
    const found = this.#found;
    if (found?.found === 'one') return found;
    return found?.found === 'none' && this.#request.remainingMs > 0 ? found : null;
  }

  #asDecided(decided: Resolution, failure: RequestFailure, { since }: Times): Resolved {
    const { args } = this.#request;
    const { decision, by, reason, providerRequestId, runId = '' } = decided;
    this.close();
    if (decision === 'abandon') throw unresolved(failure, `Abandoned by ${by} (${reason})`);
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
    if (providerRequestId === null) return { resubmit: true, decidedIn: runId, arrived: true };
    return { resubmit: false, providerRequestId, namedBy: 'person' };
  }

  #asFound(found: Decisive, times: Times): Resolved {
    const until = this.#untilIn(times);
    this.close();
    setAttention(this.#request.args, null);
    if (found.found === 'none') {
      this.#tellFound(found, times.since, 'no submit had arrived, and the work is submitted again');
      return { resubmit: true, decidedIn: found.askedIn, arrived: false };
    }
    const { providerRequestId } = found;
    this.#tellFound(found, times.since, `it has the work as ${providerRequestId}`);
    return { resubmit: false, providerRequestId, namedBy: 'lookup', until };
  }

  #asHinted(failure: RequestFailure, times: Times): Resolved {
    const hint = this.#heedsHints ? this.#request.takeHint() : null;
    if (hint === null) {
      this.close();
      throw unresolved(failure, `Nobody decided within ${this.#holdMs / 1000} s`);
    }
    this.#heedHintsFrom = Date.now() + hintGapMs(Date.now() - times.since);
    const until = this.#untilIn(times);
    this.#show(failure, until);
    return { resubmit: false, providerRequestId: hint, namedBy: 'callback', until };
  }

  /** Work that was named moves no deadline; but the hold, if it is longer, is a time to look in. */
  #untilIn({ endsAt }: Times): number {
    return Math.max(endsAt, Date.now() + this.#request.remainingMs);
  }

  get #heedsHints(): boolean {
    return Date.now() >= this.#heedHintsFrom;
  }

  async #untilResolved(endsAt: number): Promise<void> {
    const isResolved = (): boolean => this.#isSettled || (this.#request.hint !== null && this.#heedsHints);
    // Only a timer wakes the workflow when hints are heeded again.
    for (const until of [this.#heedHintsFrom, endsAt]) {
      const leftMs = Math.min(until, endsAt) - Date.now();
      if (isResolved() || (leftMs > 0 && (await condition(isResolved, leftMs, HOLD)))) return;
    }
  }

  #show({ error }: RequestFailure, endsAt: number): void {
    const { message } = error;
    const found = this.#decisive === null ? this.#found : null;
    const told = found === null ? message : `${message.replace(/\.$/, '')}. By our reference ${undecided(found)}`;
    this.#request.apply({
      type: 'outcome_unknown',
      error: { ...error, message: told },
      holdUntil: new Date(endsAt).toISOString(),
    });
  }

  #tellFound(found: LookedUp, since: number, what: string): void {
    const { requestId, tenant } = this.#request.args;
    const isSettled = found.found === 'one' || found.found === 'none';
    log[isSettled ? 'info' : 'warn'](`The provider was asked by our reference: ${what}`, {
      event: 'external_api_outcome_found',
      request_id: requestId,
      tenant,
      found: found.found,
      provider_request_id: found.found === 'one' ? found.providerRequestId : null,
      held: seconds(Date.now() - since),
    });
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

/** Why the provider's word on our reference decides nothing. */
function undecided(found: LookedUp): string {
  switch (found.found) {
    case 'several':
      return `it has several works, and a person says which is ours: ${found.providerRequestIds.join(', ')}`;
    case 'unanswered':
      return `it could not be asked: ${found.why}`;
    case 'none':
      return 'it has no work, and the time of the request is over';
    case 'one':
      return `it has the work as ${found.providerRequestId}`;
  }
}
