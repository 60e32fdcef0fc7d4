import { closureOf, waitsForRedis, type BudgetView } from '../contract/budget-view.ts';
import { FAILURES } from '../contract/failures.ts';
import { workflowIdOf } from '../contract/names.ts';
import { type RequestSnapshot, type WaitingFor } from '../contract/request.ts';
import { adviceAfter, decisionAdvice, wasRetried } from './advice.ts';
import { cancellationWords } from './cancellation-words.ts';
import { HEARD_OF_NONE, heardOfWorkers } from './poller-words.ts';
import type { Poller } from './server-pollers.ts';
import { seconds, span, timeOfDay } from './time-in-words.ts';
import type { LastFailure } from './waiting-for.ts';
import { isTerminal, type RequestStatus, type TERMINAL_STATUSES, type WaitReason } from '../contract/values.ts';

/** What is known besides the snapshot. */
export interface Evidence {
  lastFailure: LastFailure | null;
  /** Null: no worker said it, or nobody was asked. */
  budget: BudgetView | null;
  /** Where a worker was asked for the budget. */
  workerAddress: string | null;
  /** Where that address was taken from, in words; null: not known. */
  workerAddressFrom: string | null;
  /** Why it said no budget, in words; null: it said one, or nobody was asked. */
  workerProblem: string | null;
  /** Workers that the Temporal server has heard of in the last five minutes; null: it was not asked, or does not say. */
  pollers: readonly Poller[] | null;
}

/** Why a request is where it is. */
export interface Why {
  requestId: string;
  status: RequestStatus;
  /** Null when it waits for nothing: it has ended, or is between two steps. */
  reason: WaitReason | null;
  since: string;
  until: string | null;
  /** All of it, for a person. */
  sentence: string;
  evidence: Evidence & {
    /** Of the running step, as Temporal counts: each wait is one. */
    attempt: number | null;
    /** Calls to the provider that the running step has made so far. */
    calls: number | null;
  } & Pick<
      RequestSnapshot,
      'providerRequestId' | 'error' | 'source' | 'cancellation' | 'cancelRequested' | 'resolution' | 'stale'
    >;
}

/** Says in one sentence why a request is where it is, and what that is known from. */
export function why(snapshot: RequestSnapshot, evidence: Evidence, now: Date): Why {
  const { requestId, status, waitingFor, providerRequestId, error, source, cancellation, stale } = snapshot;
  const { cancelRequested, resolution } = snapshot;
  return {
    requestId,
    status,
    reason: waitingFor?.reason ?? null,
    since: waitingFor?.since ?? snapshot.completedAt ?? snapshot.updatedAt,
    until: waitingFor?.until ?? null,
    sentence: `${requestId} ${predicate(snapshot, evidence, now)}.`,
    evidence: {
      ...evidence,
      attempt: waitingFor?.attempt ?? null,
      calls: waitingFor?.calls ?? null,
      providerRequestId,
      error,
      source,
      cancellation,
      cancelRequested,
      resolution,
      stale,
    },
  };
}

function predicate(snapshot: RequestSnapshot, evidence: Evidence, now: Date): string {
  const { status, waitingFor: wait, updatedAt, completedAt } = snapshot;
  const besides = decided(snapshot, now) + cancelling(snapshot);
  if (isTerminal(status)) {
    return ENDS[status](snapshot, { ended: timeOfDay(completedAt ?? updatedAt, now), now }) + besides;
  }
  if (wait === null && snapshot.stale) {
    return `is ${status} since ${timeOfDay(updatedAt, now)}: ${silentWorker(evidence, now)}${besides}`;
  }
  if (wait === null) return `is ${status} since ${timeOfDay(updatedAt, now)}, and nothing holds it up${besides}`;
  return REASONS[wait.reason]({ snapshot, evidence, wait, now }) + besides;
}

/** Who took the latest decision on an unknown outcome. */
function decided({ resolution }: RequestSnapshot, now: Date): string {
  if (resolution === null) return '';
  const { decision, providerRequestId, by, at, reason } = resolution;
  const what = { adopt: `to adopt ${providerRequestId}`, resubmit: 'to submit it again', abandon: 'to abandon it' };
  return `; ${by} decided at ${timeOfDay(at, now)} ${what[decision]}: ${sentenceEnd(reason)}`;
}

function cancelling({ cancelRequested, stale }: RequestSnapshot): string {
  if (!cancelRequested) return '';
  return `; its cancellation is asked for, and ${stale ? 'no worker has seen that yet' : 'what became of the work is found out'}`;
}

/** Where the next step is a call to the provider. */
const CALLING: readonly RequestStatus[] = ['submitting', 'processing'];

interface Facts {
  snapshot: RequestSnapshot;
  evidence: Evidence;
  wait: WaitingFor;
  now: Date;
}

const REASONS: Record<WaitReason, (facts: Facts) => string> = {
  budget({ evidence: { budget }, wait, now }) {
    const asBulk = budget && closureOf(budget, 'other') === null && closureOf(budget, 'bulk') !== null;
    const used = budget ? usedText(budget) : 'it was used up';
    const kept = asBulk ? ', and the rest is kept for requests that are not bulk' : '';
    const next = wait.until === null ? '' : `; the next may go at ${timeOfDay(wait.until, now)}`;
    if (budget && waitsForRedis(budget)) {
      const share =
        wait.until === null ? '' : `, or until ${timeOfDay(wait.until, now)}, when each worker sends its share`;
      return `${waited(wait, now)} because Redis does not answer: nothing is sent until it does${share}`;
    }
    return `${waited(wait, now)} for the call budget: ${used}${kept}${next}`;
  },
  cool_down({ evidence: { budget, lastFailure }, wait, now }) {
    const closedBy = budget?.closedBy ?? null;
    const calls = callsText(wait);
    if (closedBy === 'outage' || (closedBy !== 'cool_down' && lastFailure?.failure === 'outage')) {
      const failures = budget?.failures ? ` (${count(budget.failures, 'call')} in a row had no answer)` : '';
      const next =
        wait.until === null ? '' : `; one call finds out at ${timeOfDay(wait.until, now)} whether it is back`;
      return `${waited(wait, now)} because the provider is down${failures}${next}${calls}`;
    }
    const toldUs =
      lastFailure?.failure && FAILURES[lastFailure.failure].next === 'wait' ? lastFailure.statusCode : null;
    const status = toldUs === null ? '' : ` (${toldUs})`;
    const until = wait.until === null ? '' : ` until ${timeOfDay(wait.until, now)}`;
    return `${waited(wait, now)} because the provider asked us to wait${status}${until}${calls}`;
  },
  retry_backoff({ evidence: { lastFailure }, wait, now }) {
    const failure = lastFailure ? `: ${named(lastFailure)}` : '';
    const next = wait.until === null ? 'soon' : `at ${timeOfDay(wait.until, now)}`;
    return `is tried again ${next}, since its last call failed${failure}${callsText(wait)}`;
  },
  provider_call({ wait, now }) {
    return `waits for the answer to a call to the provider, under way${spanSince(wait, now)}${callsText(wait)}`;
  },
  provider_processing({ snapshot: { providerRequestId: id, updatedAt }, wait, now }) {
    const work = id === null ? 'it' : `it as ${id}`;
    const says = wait.providerStatus === undefined ? '' : `, says ${JSON.stringify(wait.providerStatus)}`;
    const next = wait.until === null ? 'being asked now' : `asked again at ${timeOfDay(wait.until, now)}`;
    return `waits for the provider, which has had ${work}${spanSince({ since: updatedAt }, now)}${says} and is ${next}`;
  },
  outcome_unknown({ snapshot, evidence: { lastFailure }, wait, now }) {
    const { error } = snapshot;
    const cause = error ? `: ${sentenceEnd(error.message)}` : '';
    const failure = lastFailure ? `, and the latest failed: ${named(lastFailure)}` : '';
    const looked =
      wait.calls === 0
        ? ''
        : `the provider is asked by our reference whether it has the work (${count(wait.calls, 'call')} so far${failure}), which settles it once it is listed; or `;
    const advice = decisionAdvice(snapshot, wait.until && timeOfDay(wait.until, now));
    return `may or may not have been done: its outcome is unknown${sinceWhen(wait, now)}${cause}; ${looked}${advice}`;
  },
  task_failing({ wait, now }) {
    const failed = `${count(wait.attempt - 1, 'time')}${sinceWhen(wait, now)}`;
    return `makes no step: its workflow task has failed, or had no answer, ${failed}: the log of the workers says why, and it goes on once their code can run it`;
  },
  paused({ snapshot, wait, now }) {
    const unpause = `temporal activity unpause --workflow-id ${workflowIdOf(snapshot.requestId)} --activity-id …`;
    return `is paused${sinceWhen(wait, now)}: an operator paused its step, and lets it go on with \`${unpause}\``;
  },
  worker({ snapshot: { status, stale, provider }, evidence, wait, now }) {
    const { budget, workerAddress } = evidence;
    const step = `none has taken its step${spanSince(wait, now)}`;
    if (budget !== null) {
      const where = workerAddress === null ? '' : ` at ${workerAddress}`;
      const room = closureOf(budget, 'other') === null ? ` and the call budget has room (${usedText(budget)})` : '';
      const what = 'others go first, or that worker hangs: look at its log';
      return `waits for a worker: ${step}, although one answers${where}${room}: ${what}`;
    }
    const asked = askedText(evidence);
    if (!stale && CALLING.includes(status)) {
      const unsaid = asked ?? "nobody was asked what the budget is (the client's option `budget`)";
      return `${waited(wait, now)} for a worker, or for the call budget: workers run, but ${unsaid}`;
    }
    const of = provider === null ? '' : ` of the provider ${provider}`;
    return `waits for a worker${of}: ${step}${asked === null ? '' : `, and ${asked}`}${heardOf(evidence, now)}`;
  },
};

/** Of a step that a worker has taken, which says nothing of it. */
function silentWorker(evidence: Evidence, now: Date): string {
  const asked = askedText(evidence);
  const taken = 'a worker has its next step, and none answered in time';
  if (evidence.budget !== null) return `${taken}, although one at ${evidence.workerAddress} lives: look at its log`;
  return `${taken}${asked === null ? '' : `, and ${asked}`}${heardOf(evidence, now)}`;
}

/** What came of asking a worker; null: none was asked. */
function askedText({ workerAddress, workerAddressFrom, workerProblem }: Evidence): string | null {
  if (workerAddress === null) return null;
  const from = workerAddressFrom === null ? '' : ` (${workerAddressFrom})`;
  return `${workerAddress}${from} ${workerProblem ?? 'does not say what the budget is'}`;
}

/** Whether the Temporal server knows workers, and what to do; after the first part of a sentence. */
function heardOf({ pollers }: Evidence, now: Date): string {
  if (pollers === null) return ': start one, or look at its log';
  const heard = heardOfWorkers(pollers, now);
  if (heard === null) return `; ${HEARD_OF_NONE}: start one`;
  return `; ${heard}: it is slow or frozen, or has just ended: look at its log`;
}

const ENDS: Record<
  (typeof TERMINAL_STATUSES)[number],
  (snapshot: RequestSnapshot, time: { ended: string; now: Date }) => string
> = {
  completed({ source, error, createdAt, completedAt, cachedAt, cancellation }, { ended, now }) {
    const stored = cachedAt === null ? '' : `, stored at ${timeOfDay(cachedAt, now)}`;
    if (source === 'cache') return `completed at ${ended} from the cache: an equal request had this answer${stored}`;
    if (source === 'fallback') {
      const failure = error ? `: ${named(error)}` : '';
      return `completed at ${ended} with the fallback's answer${stored}, because the provider failed${failure}`;
    }
    const took = span(Date.parse(completedAt ?? createdAt) - Date.parse(createdAt));
    const late = cancellation === 'finished_anyway' ? '; its cancellation came too late' : '';
    return `completed at ${ended} with the provider's result, ${took} after its start${late}`;
  },
  failed: (snapshot, { ended }) => `failed at ${ended}${causeAndAdvice(snapshot)}`,
  timed_out: (snapshot, { ended }) => `timed out at ${ended}, when its deadline passed${causeAndAdvice(snapshot)}`,
  cancelled(snapshot, { ended }) {
    const words = cancellationWords(snapshot);
    return `was cancelled at ${ended}${words === null ? '' : `: ${words}`}`;
  },
};

function causeAndAdvice(snapshot: RequestSnapshot): string {
  const { error, retriedBy, cancellation } = snapshot;
  const late = cancellation === null ? '' : 'its cancellation came too late, so only if it is still wanted: ';
  const next = retriedBy === null ? late + adviceAfter(snapshot) : wasRetried(retriedBy);
  return `${error ? `: ${named(error)}` : ''}; ${next}`;
}

function usedText({ used, limit, loweredLimit, windowMs, countedIn }: BudgetView): string {
  const lowered = loweredLimit === null ? '' : `, which is what the provider allows now,`;
  const share = countedIn === 'share' ? " (one worker's share, since Redis does not answer)" : '';
  return `${used} of ${loweredLimit ?? limit} calls${share}${lowered} were made in the last ${seconds(windowMs)}`;
}

function callsText({ calls }: WaitingFor): string {
  return calls > 0 ? `; ${count(calls, 'call')} so far` : '';
}

function named(error: { type: string | null; message: string; statusCode: number | null }): string {
  const type = error.type === null ? '' : `${error.type}: `;
  const shown = error.statusCode === null || error.message.includes(String(error.statusCode));
  return `${type}${sentenceEnd(error.message)}${shown ? '' : ` (${error.statusCode})`}`;
}

function sentenceEnd(message: string): string {
  return message.replace(/[.\s]+$/, '');
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

function waited(wait: WaitingFor, now: Date): string {
  return wait.since === null ? 'waits' : `has waited ${span(now.getTime() - Date.parse(wait.since))}`;
}

/** ` since 14:05:12Z`; empty when it is not known. */
function sinceWhen({ since }: WaitingFor, now: Date): string {
  return since === null ? '' : ` since ${timeOfDay(since, now)}`;
}

/** ` for 12 s`; empty when it is not known since when. */
function spanSince({ since }: { since: string | null }, now: Date): string {
  return since === null ? '' : ` for ${span(now.getTime() - Date.parse(since))}`;
}
