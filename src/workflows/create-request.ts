import { log, proxyActivities } from '@temporalio/workflow';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { isProviderRequestId } from '../contract/names.ts';
import {
  initialState,
  type CallbackHint,
  type ProcessRequestArgs,
  type RequestState,
  type Resolution,
} from '../contract/request.ts';
import { inTime } from './after-reset.ts';
import { activityOptions } from './activity-options.ts';
import { reduce, type RequestEvent } from './request-state.ts';
import { refusalOf, type Refusal } from './resolution.ts';

type Input<Name extends keyof ExternalApiActivities> = Parameters<ExternalApiActivities[Name]>[0];
type Result<Name extends keyof ExternalApiActivities> = Awaited<ReturnType<ExternalApiActivities[Name]>>;
/** So that one can be called by its name. */
type Activities = { [Name in keyof ExternalApiActivities]: (input: Input<Name>) => Promise<Result<Name>> };

/** What the steps of one request share: its state, its deadline, and what the world has told of it. */
export interface Request {
  readonly args: ProcessRequestArgs;
  readonly state: RequestState;
  /** When the latest callback arrived: milliseconds since 1970, -Infinity: none did. */
  readonly lastCallbackAt: number;
  /** Until the deadline; 0 when it has passed. */
  readonly remainingMs: number;
  apply(event: RequestEvent): void;
  /** The activity, bounded by the deadline, or by `withinMs`. */
  activity<Name extends keyof ExternalApiActivities>(
    name: Name,
    summary: string,
    withinMs?: number,
  ): (input: Input<Name>) => Promise<Result<Name>>;
  receive(hint: CallbackHint | undefined): void;
  /** Why a decision cannot be taken now; null: it can. */
  refusalOf(resolution: Resolution): Refusal | null;
  decide(resolution: Resolution): void;
  /** The decision that nobody has carried out yet. */
  readonly resolution: Resolution | null;
  /** The provider's id that the latest callback spoke of, and nobody has looked at yet. */
  readonly hint: string | null;
  takeResolution(): Resolution | null;
  takeHint(): string | null;
  /** A person decided: the request has its whole time again. Nothing else moves the deadline. */
  restartDeadline(): void;
}

/**
 * One request as a state machine, without a handler: many of them fit into one workflow.
 *
 * @param startedAt milliseconds since 1970: when it was accepted, not when a worker first saw it
 * @param onChange told of each new state
 */
export function createRequest(
  args: ProcessRequestArgs,
  startedAt: number,
  onChange: (state: RequestState) => void,
): Request {
  const { requestId, deadlineMs, priority } = args;
  let deadline = startedAt + deadlineMs;
  let state: RequestState = {
    ...initialState(requestId, new Date(startedAt).toISOString()),
    deadlineAt: new Date(deadline).toISOString(),
  };
  let lastCallbackAt = -Infinity;
  let hint: string | null = null;
  let resolution: Resolution | null = null;
  const remaining = (): number => Math.max(0, deadline - Date.now());

  function apply(event: RequestEvent): void {
    state = reduce(state, event, new Date().toISOString());
    onChange(state);
  }

  return {
    args,
    get state() {
      return state;
    },
    get lastCallbackAt() {
      return lastCallbackAt;
    },
    get remainingMs() {
      return remaining();
    },
    get resolution() {
      return resolution;
    },
    get hint() {
      return hint;
    },
    apply,
    activity: (name, summary, withinMs = remaining()) => {
      const options = activityOptions(name, withinMs, summary, priority);
      const activities: Activities = proxyActivities<ExternalApiActivities>(options);
      return (input) => inTime(() => activities[name](input), withinMs);
    },
    receive(callback) {
      lastCallbackAt = Date.now();
      const id = callback?.providerRequestId;
      if (typeof id === 'string' && isProviderRequestId(id)) hint = id;
    },
    refusalOf: (decided) => refusalOf(decided, state, resolution !== null),
    decide(decided) {
      resolution = decided;
      apply({ type: 'resolved', resolution: decided });
    },
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
    restartDeadline() {
      deadline = Date.now() + deadlineMs;
      const deadlineAt = new Date(deadline).toISOString();
      apply({ type: 'deadline_moved', deadlineAt });
      log.info('A decision gives the request its whole time again', {
        event: 'external_api_deadline_moved',
        request_id: requestId,
        deadline_at: deadlineAt,
      });
    },
  };
}
