import type { JsonValue, ProcessResult } from './request.ts';

/** The three activities of a request. Their input and results are history: no token and no secret ever enters them. */
export interface ExternalApiActivities {
  authenticate(input: AuthenticateInput): Promise<Authentication>;
  process(input: SubmitInput): Promise<Submission>;
  pollStatus(input: PollInput): Promise<PollResult>;
}

export interface AuthenticateInput {
  requestId: string;
}

/** Proof that a token exists in this worker, without the token. */
export interface Authentication {
  tokenGeneration: number;
  /** ISO 8601. */
  expiresAt: string;
}

export interface SubmitInput {
  requestId: string;
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
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
