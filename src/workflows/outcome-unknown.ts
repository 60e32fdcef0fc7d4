import { CancellationScope, condition, log, upsertMemo, workflowInfo } from '@temporalio/workflow';
import { wasAnswered } from '../contract/failures.ts';
import type { RequestMemo } from '../contract/names.ts';
import type { Resolution } from '../contract/request.ts';
import type { NamedBy } from '../endings/step-over.ts';
import { setAttention } from './attention.ts';
import { count } from './count.ts';
import type { Request } from './create-request.ts';
import { findWork, type LookedUp } from './find-work.ts';
import { heedHints } from './held-hints.ts';
import { HintPlan } from './hint-plan.ts';
import { RequestEnded } from './request-ended.ts';
import { requestFailure, type RequestFailure } from './request-failure.ts';
import { seconds } from './tell-end.ts';

/** What to do with an unknown outcome. */
export type Resolved =
  /**
   * In the run `decidedIn`; empty: it is not known in which. `arrived`: whether a submit may have. `confirms`: only to learn,
   * by our key, which work it was.
   */
  | { resubmit: true; decidedIn: string; arrived: boolean; confirms?: true }
  /** Look at the work with this id until the deadline, or until then. Milliseconds since 1970. */
  | { resubmit: false; providerRequestId: string; namedBy: Exclude<NamedBy, 'submit'>; until?: number };

/** What the Web UI calls the timer. */
const HOLD = { summary: 'Until somebody decides, or the hold ends' };

/** What needs no person. */
type Decisive = Extract<LookedUp, { found: 'one' | 'none' }>;

interface Times {
  since: number;
  endsAt: number;
  /** When callbacks are heeded. */
  plan: HintPlan;
}

/** Each is an event. A flood of callbacks that name a new one each is told of in the state alone. */
const MOST_HINTS_IN_MEMO = 10;

/** Holds a request whose outcome is unknown. One hold lasts until that is settled, however many callbacks come. */
export class Hold {
  readonly #request: Request;
  /** Of the question that is open. */
  #times: Times | null = null;
  /** A callback came, and the answer to a repeat of the submit says which work it was. */
  #isToBeRepeated = false;
  #hints: string[] = [];
  #looking: CancellationScope | null = null;
  /** What the provider has under our reference; null: that is not known yet. */
  #found: LookedUp | null = null;

  constructor(request: Request) {
    this.#request = request;
  }

  /**
   * Waits, visibly, until a person decides, the provider says that it has the work, or the hold ends. A callback decides
   * nothing: the id that it names may be another's. It has the provider asked at once: by our reference, or, where that is `keyed`,
   * by our key.
   * @throws RequestEnded when it is abandoned, or nobody decided in time
   */
  async resolve(failure: RequestFailure, { looksUp, keyed }: { looksUp: boolean; keyed: boolean }): Promise<Resolved> {
    const isNew = this.#times === null;
    const now = Date.now();
    this.#times ??= { since: now, endsAt: now + this.#holdMs, plan: new HintPlan(now) };
    const times = this.#times;
    this.#show(failure, times.endsAt);
    if (isNew) this.#tell(failure, times.endsAt);
    // A repeat has not said it.
    else setAttention(this.#request.args, 'outcome_unknown');
    if (isNew && looksUp) this.#look(failure, times);
    // Before callbacks are heeded: one that came already is to lead to the same commands as one that comes now.
    const resolved = this.#untilResolved(times.endsAt);
    const hints = heedHints(this.#request, {
      plan: times.plan,
      onHint: () => this.#note(failure, times),
      ask: looksUp ? () => this.#find(failure, times, true) : keyed ? () => this.#repeat() : null,
    });
    try {
      await resolved;
    } finally {
      hints.stop();
    }
    // A person's word goes first, and the provider's before a callback's.
    const decided = this.#request.takeResolution();
    if (decided !== null) return this.#asDecided(decided, failure, times);
    const found = this.#decisive;
    if (found !== null) return this.#asFound(found, times);
    if (this.#isToBeRepeated) return this.#asRepeated();
    this.close();
    throw unresolved(failure, `Nobody decided within ${this.#holdMs / 1000} s${this.#hinted}`);
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

  /** As long as the question is open. */
  #look(failure: RequestFailure, times: Times): void {
    this.#looking = new CancellationScope();
    this.#looking.run(() => this.#find(failure, times, false)).catch(() => {});
  }

  async #find(failure: RequestFailure, times: Times, once: boolean): Promise<void> {
    const { since, endsAt } = times;
    const withinMs = endsAt - Date.now();
    if (withinMs <= 0) return;
    const answered = wasAnswered(failure.error) || this.#isCalledBack;
    const found = await findWork(this.#request, { sentBefore: since, answered, withinMs, once });
    // What comes together with a decision is no word on what that leads to.
    if (this.#times !== times) return;
    // The other look goes on.
    if (once && found?.found !== 'one' && found?.found !== 'several') return;
    // A callback came meanwhile.
    if (found?.found === 'none' && !answered && this.#isCalledBack) return await this.#find(failure, times, once);
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

  /** Only who got the submit has our link: no list proves that none arrived. */
  get #isCalledBack(): boolean {
    return this.#request.lastCallbackAt > -Infinity;
  }

  /** Not after the deadline: should no submit have arrived after all, the work would begin then. */
  async #repeat(): Promise<void> {
    this.#isToBeRepeated = this.#request.remainingMs > 0;
  }

  /** The question stays open, and its hold goes on, until the answer is there. */
  #asRepeated(): Resolved {
    this.#isToBeRepeated = false;
    setAttention(this.#request.args, null);
    return { resubmit: true, decidedIn: workflowInfo().runId, arrived: true, confirms: true };
  }

  /** Shows the id that a callback named. */
  #note(failure: RequestFailure, { endsAt }: Times): void {
    const { hint } = this.#request;
    if (hint === null || this.#hints.includes(hint)) return;
    this.#hints.push(hint);
    if (this.#hints.length <= MOST_HINTS_IN_MEMO) upsertMemo({ hintedId: hint } satisfies Partial<RequestMemo>);
    this.#show(failure, endsAt);
  }

  /** The end of a sentence on an outcome that nobody knows. */
  get #hinted(): string {
    const { hint } = this.#request;
    return hint === null ? '' : `. A callback named ${hint}, and nobody has confirmed that this is the work`;
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

  /** Work that was named moves no deadline; but the hold, if it is longer, is a time to look in. */
  #untilIn({ endsAt }: Times): number {
    return Math.max(endsAt, Date.now() + this.#request.remainingMs);
  }

  async #untilResolved(endsAt: number): Promise<void> {
    const isResolved = (): boolean => this.#isSettled || this.#isToBeRepeated;
    const leftMs = endsAt - Date.now();
    if (!isResolved() && leftMs > 0) await condition(isResolved, leftMs, HOLD);
  }

  #show({ error }: RequestFailure, endsAt: number): void {
    const { message } = error;
    const found = this.#decisive === null ? this.#found : null;
    const looked = found === null ? '' : `. By our reference ${undecided(found)}`;
    const more = looked + this.#hinted;
    const told = more === '' ? message : message.replace(/\.$/, '') + more;
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

  /** Once for each question, however often a callback has it asked. */
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
