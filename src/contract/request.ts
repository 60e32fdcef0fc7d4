import type { ErrorType } from './failures.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What the caller wants done: the body of the provider's `POST /process`. */
export interface ProcessInput {
  /** Anything JSON, except null. */
  data: JsonValue;
  options?: {
    /** Ask the provider for an id at once and the result later. Default false. */
    async?: boolean;
    /** Absolute http(s) URL that the provider tells when the work is done. */
    callbackUrl?: string;
  };
}

/** The provider's `result`, as `{processed_data, metadata: {processing_time, version}}` on the wire. */
export interface ProcessResult {
  processedData: JsonValue;
  metadata: {
    /** Seconds, as the provider counts them. */
    processingTime: number | null;
    version: string | null;
  };
}

export type RequestStatus =
  | 'queued'
  | 'authenticating'
  | 'submitting'
  | 'processing'
  | 'outcome_unknown'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'timed_out';

const TERMINAL_STATUSES: readonly RequestStatus[] = ['completed', 'failed', 'cancelled', 'timed_out'];

export function isTerminal(status: RequestStatus): boolean {
  return TERMINAL_STATUSES.includes(status);
}

export interface RequestError {
  type: ErrorType;
  message: string;
  statusCode: number | null;
  retryable: boolean;
}

/**
 * What became of the work at the provider when its request was cancelled.
 * - `nothing_sent`: it was never submitted;
 * - `cancelled_at_provider`: the provider was told and agreed;
 * - `no_longer_watched`: the provider has no way to cancel, or did not answer; it may finish, and nobody looks;
 * - `finished_anyway`: the answer came first, and is kept;
 * - `outcome_unknown`: whether the provider ever got it was not known, and now nobody finds out;
 * - `terminated`: an operator ended the workflow, which could do nothing more.
 */
export type CancellationOutcome =
  'nothing_sent' | 'cancelled_at_provider' | 'no_longer_watched' | 'finished_anyway' | 'outcome_unknown' | 'terminated';

/** A person's decision on a request whose outcome is unknown. */
export type Decision = 'resubmit' | 'adopt' | 'abandon';

export interface Resolution {
  decision: Decision;
  /** With `adopt`: the provider's id of the work, polled from then on. */
  providerRequestId: string | null;
  /** Who decided, and why: kept in the history. */
  by: string;
  reason: string;
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
  source: 'provider' | 'cache' | 'fallback' | null;
  /** When the result was stored, if the provider gave it to an earlier request. Absent in states that older workers wrote. */
  cachedAt?: string | null;
  /** Null unless cancellation was asked for. Absent in states that older workers wrote. */
  cancellation?: CancellationOutcome | null;
  /** The latest decision on an unknown outcome. Absent in states that older workers wrote. */
  resolution?: RecordedResolution | null;
  /** While the outcome is unknown: when the request ends if nobody decides. ISO 8601. Absent in older states. */
  holdUntil?: string | null;
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
  };
}

export type WaitReason =
  /** A reply was lost: it waits for a callback, for a decision, or for its deadline. */
  | 'outcome_unknown'
  /** A call to the provider is under way. */
  | 'provider_call'
  /** The provider works on it; `until` is the next poll. */
  | 'provider_processing'
  /** A call failed and is tried again. */
  | 'retry_backoff'
  /** The provider asked us to wait (429, or 503 with Retry-After), or it is down. */
  | 'cool_down'
  /** As many calls as are allowed have been made: it is sent when the first of them leaves the window. */
  | 'budget'
  /** No worker has picked the next step up yet. */
  | 'worker';

export interface WaitingFor {
  reason: WaitReason;
  since: string | null;
  until: string | null;
  /** Attempt number of the running activity, as Temporal counts. */
  attempt: number;
}

/** A request as a reader sees it: its state, and what the server knows of the step it is in. */
export interface RequestSnapshot extends RequestState {
  tenant: string;
  cachedAt: string | null;
  cancellation: CancellationOutcome | null;
  resolution: RecordedResolution | null;
  waitingFor: WaitingFor | null;
  /** True when no worker answered and the state was derived from what the server alone knows. */
  stale: boolean;
}

/** The one argument of the workflow `processRequest`. */
export interface ProcessRequestArgs {
  requestId: string;
  tenant: string;
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  /** Milliseconds from the start of the request to its end, whatever happens. */
  deadlineMs: number;
  /** False on a server where our search attributes are not registered: an upsert would fail the workflow task. */
  searchAttributes: boolean;
  /** Stricter than the worker's EXTERNAL_API_IDEMPOTENCY, or the same; null: the worker's. Absent in older inputs. */
  idempotency?: Idempotency | null;
  /** Milliseconds that an unknown outcome waits for a decision; null: until the deadline. Absent in older inputs. */
  unknownHoldMs?: number | null;
  /** Default: interactive. Absent in older inputs. */
  priority?: Priority;
  /** Requests of one kind take about the same time at the provider. Absent in older inputs. */
  kind?: string | null;
  /** `key`: what the tenant's requests with equal data and options have in common. Absent in older inputs: off. */
  cache?: { key: string; use: CacheUse };
}

/** May an earlier answer be given (`read`), or only the new one be kept (`refresh`), or neither (`off`)? */
export type CacheUse = 'read' | 'refresh' | 'off';

/** What an ambiguous submit does: see EXTERNAL_API_IDEMPOTENCY in docs/configuration.md. */
export type Idempotency = 'none' | 'key' | 'resend';

/** Bulk submits go out when nothing else wants to, from a queue of their own. */
export type Priority = 'interactive' | 'bulk';

/** A hint that the provider has finished. `providerRequestId`: which of its works it speaks of. */
export interface CallbackHint {
  providerRequestId: string | null;
}
