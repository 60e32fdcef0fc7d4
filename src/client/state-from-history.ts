import type { Authentication, ExternalApiActivities, Found, PollInput, Submission } from '../contract/activities.ts';
import { initialState, type RequestState } from '../contract/request.ts';
import type { RequestStatus } from '../contract/values.ts';
import { ending } from '../endings/ending.ts';
import { readStepOver, type StepFacts } from '../endings/step-over.ts';
import type { HistoryEvent } from './server-history.ts';

/** The step of a request that a scheduled activity belongs to, and the status that it stands for. */
const STEPS: Partial<Record<string, { step: StepFacts['step']; status: RequestStatus }>> = {
  authenticate: { step: 'authenticate', status: 'authenticating' },
  process: { step: 'process', status: 'submitting' },
  pollStatus: { step: 'pollStatus', status: 'processing' },
  cancelSubmitted: { step: 'pollStatus', status: 'processing' },
} satisfies Record<keyof ExternalApiActivities, { step: StepFacts['step']; status: RequestStatus }>;

const NOTHING_KNOWN: StepFacts = {
  step: 'authenticate',
  mode: 'none',
  providerRequestId: null,
  namedBy: 'submit',
  sentBefore: false,
  cancelRequested: false,
  confirmedUnsent: false,
};

interface Read {
  state: RequestState;
  facts: StepFacts;
}

/**
 * A request's state as its history tells it, for when no worker can answer. It is as far as a worker would say from the
 * same history, but for an end, which counts once it is recorded.
 */
export function stateFromHistory(requestId: string, history: readonly HistoryEvent[]): RequestState {
  let read: Read = {
    state: initialState(requestId, history[0]?.at ?? new Date(0).toISOString()),
    facts: NOTHING_KNOWN,
  };
  for (const event of history) {
    const { state, facts } = after(event, read.facts);
    read = {
      state: state ? { ...read.state, ...state, updatedAt: event.at } : read.state,
      facts: { ...read.facts, ...facts },
    };
  }
  const last = history.at(-1);
  const { state } = read;
  return last?.type === 'closed' ? { ...state, updatedAt: last.at, completedAt: last.at } : state;
}

/** What `event` changes. */
function after(event: HistoryEvent, facts: StepFacts): { state?: Partial<RequestState>; facts?: Partial<StepFacts> } {
  switch (event.type) {
    case 'started':
      // A retry of work that the provider has is told whose it is.
      return event.adopts ? { facts: { namedBy: 'person' } } : {};
    case 'activity_scheduled': {
      const begun = STEPS[event.activity];
      if (!begun) return { state: {} };
      const { step, status } = begun;
      if (step !== 'pollStatus') return { state: { status }, facts: { step, namedBy: 'submit' } };
      // A person or a list may have named it.
      const { providerRequestId } = event.input as PollInput;
      return { state: { status, providerRequestId }, facts: { step, providerRequestId } };
    }
    case 'activity_failed': {
      if (STEPS[event.activity] === undefined) return {};
      const then = ending(readStepOver(event, facts));
      if (!('next' in then) || then.next !== 'hold') return {};
      const held = { sentBefore: true, providerRequestId: null, namedBy: 'submit' } as const;
      return { state: { status: 'outcome_unknown' }, facts: held };
    }
    case 'decided':
      return { facts: { namedBy: 'person' } };
    case 'activity_completed': {
      if (event.activity === 'authenticate') {
        const { cached, mode } = event.result as Authentication;
        // What comes next is certain, and a worker that is asked says so before it is recorded.
        return { ...(!cached && { state: { status: 'submitting' } }), facts: { mode: mode ?? 'none' } };
      }
      if (event.activity === 'findSubmitted') return foundBy(event.result as Found | null);
      if (event.activity !== 'process') return {};
      const { providerRequestId } = event.result as Submission;
      return { state: { status: 'processing', providerRequestId }, facts: { providerRequestId } };
    }
    case 'cancel_requested':
      return { facts: { cancelRequested: true } };
    default:
      return {};
  }
}

function foundBy(result: Found | null): { facts?: Partial<StepFacts> } {
  const found = result?.found;
  if (found === 'one') return { facts: { namedBy: 'lookup' } };
  // What comes next is the provider's first word on the request.
  return found === 'none' ? { facts: { sentBefore: false } } : {};
}
