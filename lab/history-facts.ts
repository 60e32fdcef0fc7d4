import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { CancellationOutcome, RequestStatus } from 'durable-external-api';
import type { Found } from '#product/contract/activities.js';
import type { HistoryFacts } from './evidence.ts';

/** A Long from the server, text from a file. */
type Int64 = string | number | { toNumber(): number };

/** As much of `temporal.api.history.v1.HistoryEvent` as is read here. */
interface HistoryEvent {
  eventTime?: { seconds?: Int64 | null; nanos?: number | null } | null;
  eventId?: Int64 | null;
  activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null } | null;
  activityTaskCompletedEventAttributes?: { scheduledEventId?: Int64 | null; result?: Payloads | null } | null;
  activityTaskFailedEventAttributes?: { failure?: Failure | null } | null;
  workflowExecutionUpdateAcceptedEventAttributes?: {
    acceptedRequest?: { input?: { name?: string | null; args?: Payloads | null } | null } | null;
  } | null;
  workflowExecutionCancelRequestedEventAttributes?: object | null;
  workflowPropertiesModifiedEventAttributes?: {
    upsertedMemo?: { fields?: Record<string, Payload> | null } | null;
  } | null;
  workflowTaskStartedEventAttributes?: { identity?: string | null } | null;
  workflowTaskTimedOutEventAttributes?: { startedEventId?: Int64 | null } | null;
  workflowExecutionCompletedEventAttributes?: End | null;
  workflowExecutionFailedEventAttributes?: End | null;
  workflowExecutionCanceledEventAttributes?: object | null;
  workflowExecutionTerminatedEventAttributes?: object | null;
  workflowExecutionTimedOutEventAttributes?: object | null;
}

interface Payloads {
  payloads?: Payload[] | null;
}

interface Failure {
  applicationFailureInfo?: { type?: string | null; details?: Payloads | null } | null;
}

interface End {
  failure?: Failure | null;
  result?: Payloads | null;
}

/** As the Temporal client fetches it. */
export interface History {
  events?: readonly HistoryEvent[] | null;
}

const ENDS = {
  workflowExecutionCompletedEventAttributes: 'completed',
  workflowExecutionFailedEventAttributes: 'failed',
  workflowExecutionCanceledEventAttributes: 'cancelled',
  workflowExecutionTerminatedEventAttributes: 'terminated',
  workflowExecutionTimedOutEventAttributes: 'timed_out',
} as const;
const END_ATTRIBUTES = Object.keys(ENDS) as (keyof typeof ENDS)[];

/** What a workflow's history says of its request, read without any code of the product. */
export function factsOf({ events }: History): HistoryFacts {
  const facts: HistoryFacts = {
    end: null,
    status: null,
    cancellation: null,
    errorType: null,
    retryable: false,
    cancelRequested: false,
    resultSha256: null,
    providerRequestId: null,
    unknownOutcomes: 0,
    decisions: [],
    lookups: [],
  };
  const lookups = new Set<number>();
  for (const event of events ?? []) {
    const failed = event.activityTaskFailedEventAttributes?.failure;
    if (failed?.applicationFailureInfo?.type === 'OutcomeUnknown') facts.unknownOutcomes += 1;

    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name === 'findSubmitted') lookups.add(numberOf(event.eventId));
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed && lookups.has(numberOf(completed.scheduledEventId))) {
      const found = decoded<Found>(completed.result);
      if (found !== undefined) facts.lookups.push({ found: found.found, at: timeOf(event) });
    }

    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (update?.name === 'resolveOutcome') {
      const { decision } = decoded<{ decision: string }>(update.args) ?? { decision: 'unreadable' };
      facts.decisions.push({ decision, at: timeOf(event) });
    }

    if (event.workflowExecutionCancelRequestedEventAttributes) facts.cancelRequested = true;
    // A cancelled workflow has neither result nor failure.
    const memo = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields?.['endState'];
    if (memo) readState(facts, defaultPayloadConverter.fromPayload<EndState>(memo));

    for (const attributes of END_ATTRIBUTES) {
      const end: End | null | undefined = event[attributes];
      if (!end) continue;
      const info = end.failure?.applicationFailureInfo;
      facts.end = ENDS[attributes];
      facts.errorType = info?.type ?? null;
      // A failure carries its details, and then the state.
      readState(facts, decoded<EndState>(end.result) ?? decoded<EndState>(info?.details, 1));
    }
  }
  return facts;
}

/** As much as is read here of the state that a request ends with. */
interface EndState {
  status: RequestStatus;
  cancellation?: CancellationOutcome | null;
  error?: { retryable: boolean } | null;
  result?: { processedData?: { sha256?: string } } | null;
  providerRequestId?: string | null;
}

function readState(facts: HistoryFacts, state: EndState | undefined): void {
  if (state === undefined) return;
  facts.status = state.status;
  facts.cancellation = state.cancellation ?? null;
  facts.retryable = state.error?.retryable ?? false;
  facts.resultSha256 = state.result?.processedData?.sha256 ?? null;
  facts.providerRequestId = state.providerRequestId ?? null;
}

export interface LostTask {
  /** Whose it was: `pid@host`. */
  identity: string;
  /** When it was taken; milliseconds since 1970. */
  startedAt: number;
  /** When the next worker had the workflow; null: never. */
  resumedAt: number | null;
}

/** Workflow tasks that a worker took and did not bring back in time. */
export function lostWorkflowTasks({ events }: History): LostTask[] {
  const lost: LostTask[] = [];
  let current: LostTask | null = null;
  for (const event of events ?? []) {
    const started = event.workflowTaskStartedEventAttributes;
    if (started) {
      const at = timeOf(event);
      for (const task of lost) task.resumedAt ??= at;
      current = { identity: started.identity ?? '', startedAt: at, resumedAt: null };
    }
    // A task that timed out before anybody took it has no start of its own.
    const timedOut = event.workflowTaskTimedOutEventAttributes;
    if (timedOut && current !== null && numberOf(timedOut.startedEventId) > 0) lost.push(current);
  }
  return lost;
}

/** Milliseconds since 1970 of every event. */
export function eventTimesOf({ events }: History): number[] {
  return (events ?? []).map(timeOf);
}

function decoded<T>(payloads: Payloads | null | undefined, index = 0): T | undefined {
  const payload = payloads?.payloads?.[index];
  return payload ? defaultPayloadConverter.fromPayload<T>(payload) : undefined;
}

/** Milliseconds since 1970, with fractions. */
function timeOf({ eventTime }: HistoryEvent): number {
  return numberOf(eventTime?.seconds) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}

function numberOf(value: Int64 | null | undefined): number {
  return typeof value === 'object' && value !== null ? value.toNumber() : Number(value ?? 0);
}
