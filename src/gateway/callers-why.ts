import type { RequestSnapshot } from '../contract/request.ts';
import { isTerminal, type RequestStatus, type WaitReason } from '../contract/values.ts';
import { resolvePath } from './paths.ts';

/** Why a request is where it is, as its caller may know it: nothing of workers, servers, other tenants and our limits. */
export function whyForCaller(snapshot: RequestSnapshot) {
  const { requestId, status, waitingFor, updatedAt, completedAt } = snapshot;
  return {
    request_id: requestId,
    status,
    reason: waitingFor?.reason ?? null,
    since: waitingFor?.since ?? completedAt ?? updatedAt,
    until: waitingFor?.until ?? null,
    sentence: sentenceOf(snapshot),
  };
}

function sentenceOf(snapshot: RequestSnapshot): string {
  const { status, waitingFor, cancelRequested } = snapshot;
  const then = cancelRequested && !isTerminal(status) ? ' Its end is asked for.' : '';
  return (waitingFor === null ? STATES[status](snapshot) : WAITS[waitingFor.reason](snapshot)) + then;
}

type Words = (snapshot: RequestSnapshot) => string;

const failed: Words = ({ error }) => `It ended without a result: ${error?.message ?? 'nothing more is known'}`;

/** What is told where nothing is waited for. */
const STATES: Record<RequestStatus, Words> = {
  queued: () => 'It is taken, and its first step is about to begin.',
  authenticating: () => 'It is about to be sent.',
  submitting: () => 'It is being sent.',
  processing: () => 'The provider works on it.',
  outcome_unknown: () => 'The provider may or may not have done it.',
  completed: () => 'It is completed.',
  failed,
  timed_out: failed,
  cancelled: ({ cancellation }) =>
    cancellation === 'nothing_sent' ? 'It was cancelled before anything was sent.' : 'It was cancelled.',
};

const WAITS: Record<WaitReason, Words> = {
  budget: (snapshot) => `It waits${until(snapshot)} for its turn: the provider takes so many calls and no more.`,
  cool_down: (snapshot) => `It waits${until(snapshot)}, because the provider takes no calls.`,
  retry_backoff: (snapshot) => `A call to the provider failed; the next one is made${at(snapshot)}.`,
  provider_call: () => 'A call to the provider is under way.',
  provider_processing: (snapshot) => `The provider works on it, and is asked again${at(snapshot)}.`,
  outcome_unknown: (snapshot) =>
    `The provider may or may not have done it. It is held${until(snapshot)} for a word of the provider, or a decision: ` +
    `POST ${resolvePath(snapshot.requestId)}.`,
  task_failing: () => 'It is held up by a fault of this service. Nothing is lost.',
  paused: () => 'The operators of this service have paused it.',
  worker: () => 'It waits for its turn in this service.',
};

function until({ waitingFor }: RequestSnapshot): string {
  return waitingFor?.until ? ` until ${waitingFor.until}` : '';
}

function at({ waitingFor }: RequestSnapshot): string {
  return waitingFor?.until ? ` at ${waitingFor.until}` : ' soon';
}
