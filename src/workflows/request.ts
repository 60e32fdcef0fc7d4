import { ApplicationFailure } from '@temporalio/common';
import {
  defineQuery,
  defineSignal,
  defineUpdate,
  metricMeter,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { CALLBACK_SIGNAL, RESOLVE_UPDATE, STATUS_QUERY, isProviderRequestId } from '../contract/names.ts';
import {
  initialState,
  isTerminal,
  type CallbackHint,
  type ProcessRequestArgs,
  type RequestState,
  type Resolution,
} from '../contract/request.ts';
import { activityOptions } from './activity-options.ts';
import { currentDetails, reduce, type RequestEvent } from './request-state.ts';
import { refusalOf } from './resolution.ts';

const statusQuery = defineQuery<RequestState>(STATUS_QUERY);
const callbackReceived = defineSignal<[CallbackHint?]>(CALLBACK_SIGNAL);
const resolveOutcome = defineUpdate<RequestState, [Resolution]>(RESOLVE_UPDATE);

const finishedRequests = metricMeter.createCounter('external_api_requests', undefined, 'Requests by final state');

/** What the steps of one request share. */
export interface Request {
  readonly args: ProcessRequestArgs;
  readonly state: RequestState;
  /** Callbacks that have arrived. */
  readonly callbacks: number;
  /** Whether a decision, or a callback that names the provider's id, waits to be taken. */
  readonly isResolved: boolean;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  apply(event: RequestEvent): void;
  /** The activity, bounded by what is left until the deadline. */
  activity<Name extends keyof ExternalApiActivities>(name: Name, summary: string): ExternalApiActivities[Name];
  /** A decision on an unknown outcome, once. */
  takeResolution(): Resolution | null;
  /** The provider's id that the latest callback spoke of, once. */
  takeHint(): string | null;
  /** Sets the deadline to so long from now; the default is the request's whole time. */
  restartClock(ms?: number): void;
}

/** Sets all handlers, before the first await, and returns what the steps share. */
export function openRequest(args: ProcessRequestArgs): Request {
  // From the start of the request, not from when a worker first saw it.
  const { startTime } = workflowInfo();
  const { priority = 'interactive' } = args;
  let state = initialState(args.requestId, startTime.toISOString());
  let deadline = startTime.getTime() + args.deadlineMs;
  let callbacks = 0;
  let hint: string | null = null;
  let resolution: Resolution | null = null;

  function apply(event: RequestEvent): void {
    state = reduce(state, event, new Date().toISOString());
    setCurrentDetails(currentDetails(state));
    if (isTerminal(state.status)) finishedRequests.add(1, { status: state.status });
  }

  setHandler(statusQuery, () => state, { description: "The request's state" });
  setHandler(
    callbackReceived,
    (callback) => {
      callbacks++;
      const id = callback?.providerRequestId;
      if (typeof id === 'string' && isProviderRequestId(id)) hint = id;
    },
    { description: 'The provider says that it has finished: ask it now. A callback never carries the result.' },
  );
  setHandler(
    resolveOutcome,
    (decided) => {
      resolution = decided;
      apply({ type: 'resolved', resolution: decided });
      return state;
    },
    {
      description: 'What a person decides on an unknown outcome: resubmit, adopt or abandon',
      validator: (decided) => {
        const refusal = refusalOf(decided, state, resolution !== null);
        if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
      },
    },
  );

  return {
    args,
    get state() {
      return state;
    },
    get callbacks() {
      return callbacks;
    },
    get isResolved() {
      return resolution !== null || hint !== null;
    },
    get deadline() {
      return deadline;
    },
    apply,
    activity: (name, summary) =>
      proxyActivities<ExternalApiActivities>(activityOptions(name, deadline - Date.now(), summary, priority))[name],
    takeResolution() {
      const taken = resolution;
      resolution = null;
      return taken;
    },
    takeHint() {
      const taken = hint;
      hint = null;
      return taken;
    },
    restartClock(ms = args.deadlineMs) {
      deadline = Date.now() + ms;
    },
  };
}
