import type { FailureName } from './failures.ts';
import type {
  CacheUse,
  CancellationOutcome,
  Decision,
  ErrorType,
  Idempotency,
  Outcome,
  Priority,
  RequestStatus,
  Source,
  WaitReason,
} from './values.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What the caller wants done: the body of the provider's `POST /process`. */
export interface ProcessInput<Data = JsonValue> {
  /** Anything JSON, except null. */
  data: Data;
  options?: {
    /** Ask the provider for an id at once and the result later. Default false. */
    async?: boolean;
    /** Absolute http(s) URL that the provider tells when the work is done. */
    callbackUrl?: string;
  };
}

/** The provider's `result`, as `{processed_data, metadata: {processing_time, version}}` on the wire. */
export interface ProcessResult<Data = JsonValue> {
  processedData: Data;
  metadata: {
    /** Seconds, as the provider counts them. */
    processingTime: number | null;
    version: string | null;
  };
  /**
   * Paths in `processedData`, such as `items[3].id`, of numbers that are not as the provider wrote them, because no double is:
   * the first 20. Absent: all are.
   */
  inexact?: string[];
}

export interface RequestError {
  type: ErrorType;
  message: string;
  statusCode: number | null;
  retryable: boolean;
  /** What the provider may have done with the request, all its submits together; null: not known to this version. */
  outcome: Outcome | null;
  /** The row of the failure table that ended it; null: no single call did. Absent in states that older workers wrote. */
  failure?: FailureName | null;
}

export interface Resolution {
  decision: Decision;
  /** With `adopt`: the provider's id of the work, polled from then on. */
  providerRequestId: string | null;
  /** Who decided, and why: kept in the history. */
  by: string;
  reason: string;
  /** The run of the workflow that it was decided on. A reset makes another, which does not submit by it. */
  runId?: string;
}

/** A resolution, and when it was made. ISO 8601. */
export interface RecordedResolution extends Resolution {
  at: string;
}

/** The workflow's state: what the query `status` answers, and what a finished workflow returns. Times are ISO 8601, UTC. */
export interface RequestState {
  requestId: string;
  status: RequestStatus;
  createdAt: string;
  updatedAt: string;
  completedAt: string | null;
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Of a request that a fallback completed: the failure that led to it. */
  error: RequestError | null;
  source: Source | null;
  /** When the result was stored, if the provider gave it to an earlier request. Absent in states that older workers wrote. */
  cachedAt?: string | null;
  /** Null unless cancellation was asked for. Absent in states that older workers wrote. */
  cancellation?: CancellationOutcome | null;
  /** The latest decision on an unknown outcome. Absent in states that older workers wrote. */
  resolution?: RecordedResolution | null;
  /** While the outcome is unknown: when the request ends if nobody decides. ISO 8601. Absent in older states. */
  holdUntil?: string | null;
  /** When its calls end, whatever happens. ISO 8601. Null, or absent, where no worker said it. */
  deadlineAt?: string | null;
}

/** A request that has just been accepted. */
export function initialState(requestId: string, createdAt: string): RequestState {
  return {
    requestId,
    status: 'queued',
    createdAt,
    updatedAt: createdAt,
    completedAt: null,
    providerRequestId: null,
    result: null,
    error: null,
    source: null,
    cachedAt: null,
    cancellation: null,
    resolution: null,
    holdUntil: null,
    deadlineAt: null,
  };
}

export interface WaitingFor {
  reason: WaitReason;
  since: string | null;
  until: string | null;
  /** Attempt number of the running activity, as Temporal counts: each wait is one. */
  attempt: number;
  /** Calls to the provider that the step has made so far, as far as its worker has told. A wait is none. */
  calls: number;
  /** The provider's own word for how the work is, of the latest poll that it answered. Absent: none is known. */
  providerStatus?: string;
}

/** A request as a reader sees it: its state, and what the server knows of the step it is in. */
export interface RequestSnapshot extends RequestState {
  tenant: string;
  /** The name of the profile; null: the built-in one. */
  provider: string | null;
  deadlineAt: string | null;
  cachedAt: string | null;
  cancellation: CancellationOutcome | null;
  resolution: RecordedResolution | null;
  waitingFor: WaitingFor | null;
  /** Its end was asked for and has not come: no worker has seen that yet, or one finds out what became of the work. */
  cancelRequested: boolean;
  /** The ended request that this one repeats, and the one that repeats this. */
  retryOf: string | null;
  retriedBy: string | null;
  /** The earlier request whose id is the key that its work was submitted with; null: its own is. */
  submittedAs: string | null;
  /** While the outcome is unknown: the id that a callback named, which nobody has confirmed. Absent: none did. */
  hintedId?: string;
  /** True when no worker answered and the state was derived from what the server alone knows. */
  stale: boolean;
}

/**
 * Of the workflow's code. A request belongs to the version that started it: under another one it makes no step, visibly,
 * until it is terminated or its own code is back. Raise it with every change after which a recorded history does not replay.
 */
export const WORKFLOW_VERSION = 1;

/** What is told of a request of another version, a missing one included. */
export function ofAnotherVersion(version: number | undefined): string {
  return (
    `This request was started by code of version ${version ?? 'none'}, and this worker runs version ${WORKFLOW_VERSION}: ` +
    `it makes no step, and sends nothing. Let it end under its own code, or terminate it.`
  );
}

/** The one argument of the workflow `processRequest`. */
export interface ProcessRequestArgs {
  version: typeof WORKFLOW_VERSION;
  requestId: string;
  tenant: string;
  /** The name of the profile: its workers alone take the request. Absent: the built-in one. */
  provider?: string;
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  /** Milliseconds from the start of the request to its end, whatever happens. */
  deadlineMs: number;
  /** False on a server where our search attributes are not registered: an upsert would fail the workflow task. */
  searchAttributes: boolean;
  /** Stricter than the worker's EXTERNAL_API_IDEMPOTENCY, or the same; null: the worker's. */
  idempotency: Idempotency | null;
  /** Milliseconds that an unknown outcome waits for a decision; null: until the deadline. */
  unknownHoldMs: number | null;
  priority: Priority;
  /** Requests of one kind take about the same time at the provider. */
  kind: string | null;
  /** `key`: what the tenant's requests with equal data and options have in common. `maxAgeMs`: older ones will not do. */
  cache: { key: string; use: CacheUse; maxAgeMs?: number };
  /** The provider's id of work that it has already: it is asked for, and nothing is submitted. */
  adopt: string | null;
  /** With `adopt`: the earlier request that submitted that work. The provider knows the work by its id as the key. */
  submittedAs?: string;
}

/** A hint that the provider has finished. */
export interface CallbackHint {
  /** Which of its works it speaks of; null: it does not say. */
  providerRequestId: string | null;
  /** When it arrived, by the clock of who took it: milliseconds since 1970. */
  arrivedAt?: number;
}
