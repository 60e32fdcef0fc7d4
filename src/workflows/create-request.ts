import { proxyActivities } from '@temporalio/workflow';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { isProviderRequestId, queuesOf, type TaskQueues } from '../contract/names.ts';
import {
  initialState,
  type CallbackHint,
  type ProcessRequestArgs,
  type RequestState,
  type Resolution,
} from '../contract/request.ts';
import type { RequestStatus } from '../contract/values.ts';
import { inTime } from './after-reset.ts';
import { activityOptions } from './activity-options.ts';
import { callsOf } from './calls-of.ts';
import { reduce, type RequestEvent } from './request-state.ts';
import { refusalOf, type Refusal } from './resolution.ts';

type Input<Name extends keyof ExternalApiActivities> = Parameters<ExternalApiActivities[Name]>[0];
type Result<Name extends keyof ExternalApiActivities> = Awaited<ReturnType<ExternalApiActivities[Name]>>;
/** So that one can be called by its name. */
type Activities = { [Name in keyof ExternalApiActivities]: (input: Input<Name>) => Promise<Result<Name>> };

/** What is told of a request when it ends, beside its state. */
export interface Tally {
  /** Calls of each step; null: one of them did not say, because nobody waited for its end. */
  readonly calls: Record<keyof ExternalApiActivities, number | null>;
  /** Why nothing stands in for the result; null: nothing went wrong with that. */
  fallbackError: string | null;
}

/** The time of an activity was over before it began. */
export class TooLate extends Error {}

/** What the steps of one request share: its state, its deadline, and what the world has told of it. */
export interface Request {
  readonly args: ProcessRequestArgs;
  /** Of its provider. */
  readonly queues: TaskQueues;
  readonly state: RequestState;
  readonly tally: Tally;
  /** Milliseconds in each status that it has left. */
  readonly durations: Readonly<Partial<Record<RequestStatus, number>>>;
  /** When the latest callback arrived: milliseconds since 1970, -Infinity: none did. */
  readonly lastCallbackAt: number;
  /** Until the deadline; 0 when it has passed. */
  readonly remainingMs: number;
  apply(event: RequestEvent): void;
  /** The activity, bounded by the deadline, or by `withinMs`. Rejects with TooLate when that is over already. */
  activity<Name extends keyof ExternalApiActivities>(
    name: Name,
    summary: string,
    withinMs?: number,
  ): (input: Input<Name>) => Promise<Result<Name>>;
  receive(hint: CallbackHint | undefined): void;
  /** When the first callback came since this was last asked, by the clock of who took it; null: none did. */
  takeArrival(): number | null;
  /** Told of each callback; null: nobody waits for one. */
  onCallback: (() => void) | null;
  /** Why a decision cannot be taken now; null: it can. */
  refusalOf(resolution: Resolution): Refusal | null;
  decide(resolution: Resolution): void;
  /** The decision that nobody has carried out yet. */
  readonly resolution: Resolution | null;
  /** The provider's id that the latest callback named; null: none did. */
  readonly hint: string | null;
  takeResolution(): Resolution | null;
  /** A person decided: the request has its whole time again. Nothing else moves the deadline. ISO 8601. */
  restartDeadline(): string;
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
  const queues = queuesOf(args.provider);
  let deadline = startedAt + deadlineMs;
  let state: RequestState = {
    ...initialState(requestId, new Date(startedAt).toISOString()),
    deadlineAt: new Date(deadline).toISOString(),
  };
  let lastCallbackAt = -Infinity;
  let hint: string | null = null;
  let arrivedAt: number | null = null;
  let resolution: Resolution | null = null;
  let changedAt = startedAt;
  const durations: Partial<Record<RequestStatus, number>> = {};
  const tally: Tally = {
    calls: { authenticate: 0, process: 0, pollStatus: 0, cancelSubmitted: 0 },
    fallbackError: null,
  };
  const remaining = (): number => Math.max(0, deadline - Date.now());

  function apply(event: RequestEvent): void {
    const now = Date.now();
    durations[state.status] = (durations[state.status] ?? 0) + now - changedAt;
    changedAt = now;
    state = reduce(state, event, new Date(now).toISOString());
    onChange(state);
  }

  return {
    args,
    queues,
    tally,
    durations,
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
      // A busy server looks at a timeout late: the activity would be done after the deadline, and be called in time.
      if (withinMs <= 0) return () => Promise.reject(new TooLate());
      const options = activityOptions(name, withinMs, summary, priority, queues);
      const activities: Activities = proxyActivities<ExternalApiActivities>(options);
      return (input) => {
        const calling = inTime(() => activities[name](input), withinMs);
        // Before whoever waits for it goes on.
        void calling.then(count, count);
        return calling;

        function count(ended: unknown): void {
          const [before, calls] = [tally.calls[name], callsOf(ended)];
          tally.calls[name] = before === null || calls === null ? null : before + calls;
        }
      };
    },
    receive(callback) {
      lastCallbackAt = Date.now();
      if (typeof callback?.arrivedAt === 'number') arrivedAt ??= callback.arrivedAt;
      const id = callback?.providerRequestId;
      if (typeof id === 'string' && isProviderRequestId(id)) hint = id;
      this.onCallback?.();
    },
    takeArrival() {
      const taken = arrivedAt;
      arrivedAt = null;
      return taken;
    },
    onCallback: null,
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
    restartDeadline() {
      deadline = Date.now() + deadlineMs;
      const deadlineAt = new Date(deadline).toISOString();
      apply({ type: 'deadline_moved', deadlineAt });
      return deadlineAt;
    },
  };
}
