import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  isCancellation,
  metricMeter,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExternalApiActivities, PollResult, Submission } from '../contract/activities.ts';
import type { ErrorDetails } from '../contract/failures.ts';
import { CALLBACK_SIGNAL, SEARCH_ATTRIBUTES, STATUS_QUERY, type Attention } from '../contract/names.ts';
import type { ProcessRequestArgs, ProcessResult, RequestState } from '../contract/request.ts';
import { activityOptions } from './activity-options.ts';
import { failureOf } from './failure-of.ts';
import { currentDetails, initialState, reduce, type RequestEvent } from './request-state.ts';

const statusQuery = defineQuery<RequestState>(STATUS_QUERY);
const callbackReceived = defineSignal(CALLBACK_SIGNAL);
const attentionKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.attention, 'KEYWORD');

/** Callbacks that restart the poll. More than these wait for the next poll: a flood must not grow the history. */
const CALLBACKS_HEEDED = 5;

const finishedRequests = metricMeter.createCounter('external_api_requests', undefined, 'Requests by final state');

/**
 * One durable request: authenticate, process, and, when the provider only gave an id, poll until it is finished.
 *
 * Returns the completed state. Fails with an ApplicationFailure whose type is the error's class and whose details are
 * `[ErrorDetails, RequestState]`, so that a reader needs no worker to know the end.
 */
export async function processRequest(args: ProcessRequestArgs): Promise<RequestState> {
  // From the start of the request, not from when a worker first saw it.
  const { startTime } = workflowInfo();
  const deadline = startTime.getTime() + args.deadlineMs;
  let state = initialState(args.requestId, startTime.toISOString());
  let callbacks = 0;

  setHandler(statusQuery, () => state, { description: "The request's state" });
  setHandler(callbackReceived, () => void callbacks++, {
    description: 'The provider says that it has finished: ask it now. The body of a callback is never the result.',
  });

  function apply(event: RequestEvent): void {
    state = reduce(state, event, new Date().toISOString());
    setCurrentDetails(currentDetails(state));
  }

  function activity<Name extends keyof ExternalApiActivities>(
    name: Name,
    summary: string,
  ): ExternalApiActivities[Name] {
    return proxyActivities<ExternalApiActivities>(activityOptions(name, deadline - Date.now(), summary))[name];
  }

  async function submit(): Promise<Submission> {
    apply({ type: 'authenticating' });
    const { requestId, data, options } = args;
    await activity('authenticate', 'Have a valid access token')({ requestId });
    apply({ type: 'submitting' });
    return await activity(
      'process',
      `POST /process${options.async ? ', asynchronous' : ''}`,
    )({ requestId, data, options });
  }

  async function resultOf(submission: Submission): Promise<ProcessResult> {
    const { providerRequestId } = submission;
    apply({ type: 'submitted', providerRequestId });
    if (submission.result) return submission.result;
    // The provider layer takes a reply with neither a result nor an id for an unreadable one.
    if (providerRequestId === null)
      throw ApplicationFailure.nonRetryable('Neither a result nor an id', 'ExternalAPIError');
    const poll = activity('pollStatus', `GET /status/${providerRequestId}`);
    const { requestId } = args;
    const { firstPollAfterMs } = submission;
    const finished = await pollOrCallback(
      (immediately) => poll({ requestId, providerRequestId, firstPollAfterMs, immediately }),
      () => callbacks,
    );
    return finished.result;
  }

  try {
    apply({ type: 'completed', result: await resultOf(await submit()) });
    finishedRequests.add(1, { status: state.status });
    return state;
  } catch (error) {
    if (isCancellation(error)) {
      apply({ type: 'cancelled' });
      finishedRequests.add(1, { status: state.status });
      throw error;
    }
    if (!(error instanceof ActivityFailure)) throw error;
    const failure = failureOf(error, args.deadlineMs);
    apply({ type: failure.status, error: failure.error });
    finishedRequests.add(1, { status: state.status });
    if (args.searchAttributes) {
      upsertSearchAttributes([{ key: attentionKey, value: failure.status satisfies Attention }]);
    }
    throw requestFailure(state, failure.details);
  }
}

/** The finished poll. A callback that arrives meanwhile replaces the poll by one that asks at once. */
async function pollOrCallback(
  poll: (immediately: boolean) => Promise<PollResult>,
  callbacks: () => number,
): Promise<PollResult> {
  for (let heeded = 0; heeded < CALLBACKS_HEEDED; heeded++) {
    const seen = callbacks();
    const scope = new CancellationScope();
    const polling = scope.run(() => poll(seen > 0));
    const finished = await Promise.race([polling, condition(() => callbacks() > seen).then(() => null)]);
    if (finished) return finished;
    scope.cancel();
    try {
      return await polling;
    } catch (error) {
      if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    }
  }
  return await poll(true);
}

function requestFailure(state: RequestState, details: ErrorDetails): ApplicationFailure {
  const { type, message } = state.error ?? { type: 'ExternalAPIError', message: 'Unknown error' };
  const failure = ApplicationFailure.nonRetryable(message, type, details, state);
  // An expected end: a stack trace would only hide the message in the Web UI.
  failure.stack = '';
  return failure;
}
