import { ApplicationFailure } from '@temporalio/common';
import {
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { CALLBACK_SIGNAL, RESOLVE_UPDATE, STATUS_QUERY } from '../contract/names.ts';
import type { CallbackHint, ProcessRequestArgs, RequestState, Resolution } from '../contract/request.ts';
import { isTerminal } from '../contract/values.ts';
import { count } from './count.ts';
import { createRequest, type Request } from './create-request.ts';
import { currentDetails } from './request-state.ts';
import { tellEnd } from './tell-end.ts';

const statusQuery = defineQuery<RequestState>(STATUS_QUERY);
const callbackReceived = defineSignal<[CallbackHint?]>(CALLBACK_SIGNAL);
const resolveOutcome = defineUpdate<RequestState, [Resolution]>(RESOLVE_UPDATE);

/** The one request of a workflow, with all handlers, which must be there before the first await. */
export function exposeRequest(args: ProcessRequestArgs): Request {
  const request: Request = createRequest(args, workflowInfo().startTime.getTime(), (state) => {
    setCurrentDetails(currentDetails(state));
    if (!isTerminal(state.status)) return;
    count('external_api_requests', 'Requests by final state', { status: state.status });
    tellEnd(request);
  });
  setHandler(statusQuery, () => request.state, { description: "The request's state" });
  setHandler(callbackReceived, (hint) => request.receive(hint), {
    description: 'The provider says that it has finished: ask it now. A callback never carries the result.',
  });
  setHandler(
    resolveOutcome,
    (decided) => {
      request.decide(decided);
      return request.state;
    },
    {
      description: 'What a person decides on an unknown outcome: resubmit, adopt or abandon',
      validator: (decided) => {
        const refusal = request.refusalOf(decided);
        if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
      },
    },
  );
  return request;
}
