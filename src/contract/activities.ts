import type { Idempotency, JsonValue, ProcessResult } from './request.ts';

/** The activities of a request. Their input and results are history: no token and no secret ever enters them. */
export interface ExternalApiActivities {
  authenticate(input: AuthenticateInput): Promise<Authentication>;
  process(input: SubmitInput): Promise<Submission>;
  pollStatus(input: PollInput): Promise<PollResult>;
  cancelSubmitted(input: CancelInput): Promise<CancelResult>;
}

export interface AuthenticateInput {
  requestId: string;
  /** As in ProcessRequestArgs. */
  idempotency?: Idempotency | null;
}

/** Proof that a token exists in this worker, without the token. */
export interface Authentication {
  tokenGeneration: number;
  /** ISO 8601. */
  expiresAt: string;
  /** Whether this worker would send an ambiguous submit again. Absent in older histories. */
  resends?: boolean;
}

export interface SubmitInput {
  requestId: string;
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  /** As in ProcessRequestArgs. */
  idempotency?: Idempotency | null;
}

/** The provider took the work: with a result at once, or with an id to ask for it. */
export interface Submission {
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Milliseconds to the first poll, when the provider's Retry-After said so. */
  firstPollAfterMs: number | null;
}

export interface PollInput {
  requestId: string;
  providerRequestId: string;
  firstPollAfterMs: number | null;
  /** True after a callback: ask at once. */
  immediately: boolean;
}

export interface PollResult {
  result: ProcessResult;
  /** The provider's own times, ISO 8601; null when it gave none that could be read. */
  createdAt: string | null;
  completedAt: string | null;
}

export interface CancelInput {
  requestId: string;
  providerRequestId: string;
}

/** What the provider says to a cancellation: `finished` when it was too late. */
export interface CancelResult {
  outcome: 'cancelled' | 'finished' | 'not_supported';
}
