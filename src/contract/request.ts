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

/** The workflow's state: what the query `status` answers, and what a finished workflow returns. Times are ISO 8601, UTC. */
export interface RequestState {
  requestId: string;
  status: RequestStatus;
  createdAt: string;
  updatedAt: string;
  completedAt: string | null;
  providerRequestId: string | null;
  result: ProcessResult | null;
  error: RequestError | null;
  source: 'provider' | 'cache' | 'fallback' | null;
}

export type WaitReason =
  /** A call to the provider is under way. */
  | 'provider_call'
  /** The provider works on it; `until` is the next poll. */
  | 'provider_processing'
  /** A call failed and is tried again. */
  | 'retry_backoff'
  /** The provider asked us to wait (429, or 503 with Retry-After). */
  | 'cool_down'
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
}
