import type { ErrorType, Outcome } from './values.ts';

/**
 * Every way a call to the provider can end badly, as one table: all that is decided by the kind of a failure stands here.
 *
 * `outcome` says what the provider may have done with the call:
 * - `never-sent`: no byte of it left this process;
 * - `refused`: the provider said no and did nothing;
 * - `ambiguous`: it may or may not have been executed;
 * - `final`: the provider decided, and asking again will not change it.
 *
 * `next` says what the request does about it:
 * - `retry`: try again after the backoff, counted against EXTERNAL_API_MAX_RETRIES;
 * - `wait`: try again later, uncounted, until the request's deadline: it is not this request that fails;
 * - `settle`: retry what is safe to repeat; for `process`, EXTERNAL_API_IDEMPOTENCY decides;
 * - `final`: end the request.
 *
 * `budget` says what the call budget learns of the provider:
 * - `answered`: it works, whatever it said;
 * - `refused`: it wants no calls now, from anybody;
 * - `failed`: the call arrived and had a 5xx, no answer, or half of one;
 * - `unreachable`: no byte left, because the provider could not be reached;
 * - `unsent`: no byte left, for a reason of ours.
 */
export interface FailureRow {
  readonly outcome: Outcome;
  readonly type: ErrorType;
  readonly next: 'retry' | 'wait' | 'settle' | 'final';
  readonly budget: BudgetEffect;
  /** Waiting for our own turn: Temporal shows it neither as a warning nor in a metric. */
  readonly benign: boolean;
  /** Whether another answer may stand in for the result. Never where somebody decided on this very request. */
  readonly fallback: boolean;
  /** What the provider's word is about: the work itself, or this input. Null: neither, so an open question stays open. */
  readonly verdict: 'work' | 'input' | null;
  /** The provider looked at this input and said no: HTTP 422 for our own callers. */
  readonly aboutInput: boolean;
  /** What a person is to do about a request that ended so. */
  readonly advice: Advice;
}

type BudgetEffect = 'answered' | 'refused' | 'failed' | 'unreachable' | 'unsent';

/** What a person is told to do, unless the outcome or a known id forbids it: client/advice.ts has the words. */
type Advice =
  'send_again' | 'correct_input' | 'correct_credentials' | 'correct_request' | 'fetch_result' | 'ask_for_id';

const DEFAULTS = {
  type: 'ExternalAPIError',
  budget: 'answered',
  benign: false,
  fallback: true,
  verdict: null,
  aboutInput: false,
  advice: 'send_again',
} as const satisfies Partial<FailureRow>;

const NEVER_SENT = { ...DEFAULTS, outcome: 'never-sent', budget: 'unsent' } as const satisfies Partial<FailureRow>;
/** Our turn has not come. */
const OUR_TURN = { ...NEVER_SENT, next: 'wait', benign: true } as const satisfies FailureRow;
const REFUSED = { ...DEFAULTS, outcome: 'refused' } as const satisfies Partial<FailureRow>;
const AMBIGUOUS = { ...DEFAULTS, outcome: 'ambiguous', next: 'settle' } as const satisfies FailureRow;
const DECIDED = { ...DEFAULTS, outcome: 'final', next: 'final', fallback: false } as const satisfies FailureRow;
const NO_ACCESS = {
  ...DECIDED,
  type: 'APIAuthenticationError',
  advice: 'correct_credentials',
} as const satisfies FailureRow;

export const FAILURES = {
  /** DNS, connection refused, TLS handshake or connect timeout. */
  unreachable: { ...NEVER_SENT, next: 'retry', budget: 'unreachable' },
  /** All sockets to the provider were in use for as long as an activity waits for one. */
  noSocket: OUR_TURN,
  /** The call budget had no room in time. */
  overBudget: { ...OUR_TURN, type: 'APIRateLimitError' },
  /** The provider asked somebody of us to wait, and that time has not come. */
  coolingDown: { ...OUR_TURN, type: 'APIRateLimitError' },
  /** The provider is down, and somebody else finds out when it is back. */
  outage: OUR_TURN,
  /** Temporal did not take the record that the call was about to leave: without it nothing is sent. */
  notRecorded: { ...NEVER_SENT, next: 'wait' },
  /**
   * The hook that signs calls gave nothing that could be added to one. It is ours, as the record is, and all requests have the
   * same trouble: none ends for it, and a corrected worker goes on with them.
   */
  notSigned: { ...NEVER_SENT, next: 'wait', advice: 'correct_credentials' },
  /** The key of its callback URL is not among the worker's: another URL would be another request, and nobody would verify it. */
  noCallbackKey: { ...NEVER_SENT, next: 'wait', advice: 'correct_credentials' },
  /** It may be the wrong one for a moment only: while a proxy is being replaced, or a clock is put right. */
  badCertificate: { ...NEVER_SENT, next: 'retry', budget: 'unreachable' },
  /** The provider refuses every connection without a client certificate that it trusts, and reads nothing on one. */
  certificateWanted: { ...REFUSED, next: 'retry', budget: 'failed', advice: 'correct_credentials' },
  /** 401 again, after one fresh token and one replay inside the same attempt. */
  unauthorized: { ...NO_ACCESS, outcome: 'refused' },
  /** 401 with a token that is so young that not every server of the provider may know it. */
  tokenTooNew: {
    ...REFUSED,
    type: 'APIAuthenticationError',
    next: 'retry',
    fallback: false,
    advice: 'correct_credentials',
  },
  /** 403. */
  forbidden: NO_ACCESS,
  /** The token endpoint's `invalid_client` and its kin (RFC 6749, section 5.2). */
  invalidClient: NO_ACCESS,
  /** Another 4xx of the token endpoint: no OAuth server speaks there, but something before it. */
  tokenRefused: { ...REFUSED, type: 'APIAuthenticationError', next: 'retry', advice: 'correct_credentials' },
  /** 429. */
  rateLimited: { ...REFUSED, type: 'APIRateLimitError', next: 'wait', budget: 'refused' },
  /** 503 or 403 with Retry-After. */
  unavailableUntil: { ...REFUSED, next: 'wait', budget: 'refused' },
  /** Any other 4xx with Retry-After: this request is to wait, others need not. */
  askedToWait: { ...REFUSED, next: 'wait' },
  /** 421, 425, and a 404, 405 or 410 that is not in the provider's words: it went to somebody who does not know it. */
  misdirected: { ...REFUSED, next: 'retry', budget: 'failed' },
  /** 404 to a status call of an id that the provider knew before. */
  noLongerFound: { ...REFUSED, next: 'retry' },
  /** A 4xx of where a reply said that the result is: the link is over, and the next poll gets another. */
  linkExpired: { ...REFUSED, next: 'retry' },
  /** The request left and no whole answer came within the call's timeout. */
  noAnswer: { ...AMBIGUOUS, type: 'APITimeoutError', budget: 'failed' },
  /** 408 and 499: the provider, or a proxy, gave the call up before it was answered. */
  cutShort: { ...AMBIGUOUS, type: 'APITimeoutError', budget: 'failed' },
  /** Reset or end of stream after the first byte left. */
  connectionLost: { ...AMBIGUOUS, budget: 'failed' },
  /** 500, 502, 504, and 503 without Retry-After. */
  serverError: { ...AMBIGUOUS, budget: 'failed' },
  /** A 2xx that is truncated, too large, not JSON, or has neither a result nor a `request_id`. */
  unreadableReply: AMBIGUOUS,
  /** The attempt before this one recorded that it was about to send, and nothing after. */
  workerLost: { ...AMBIGUOUS, budget: 'unsent' },
  /** 409, 423 or 425 to a repeated submit: the first one is still running there. */
  stillRunning: { ...AMBIGUOUS, next: 'wait' },
  /** `success: false`, or a job whose status is `failed`. */
  reportedFailure: { ...DECIDED, verdict: 'work', aboutInput: true, advice: 'correct_input' },
  /** 422 to a repeated submit: its key was used before, so an earlier one arrived (the IETF draft on Idempotency-Key). */
  keyUsed: { ...AMBIGUOUS, next: 'final' },
  /** A submit may have been executed, and the provider does not know its key for so long: a repeat would be new work. */
  keyLapsed: { ...AMBIGUOUS, next: 'final', budget: 'unsent' },
  /** 400, 413, 415 and 422 to a submit. Had an earlier one of the same body arrived, it would have got that answer too. */
  rejected: { ...DECIDED, verdict: 'input', aboutInput: true, advice: 'correct_input' },
  /** Every other 4xx: no word on a submit before it. */
  declined: { ...DECIDED, advice: 'correct_request' },
  /** The request asks to be repeated where EXTERNAL_API_IDEMPOTENCY does not allow it. */
  notAllowed: { ...NEVER_SENT, next: 'final', fallback: false, advice: 'correct_request' },
  /** The provider says that the work is completed, and has given no result in the time that it had for that. */
  noResult: { ...DECIDED, verdict: 'work', advice: 'ask_for_id' },
  /** The work is done, and its result is larger than Temporal keeps. */
  resultTooLarge: { ...DECIDED, verdict: 'work', type: 'ResultTooLargeError', advice: 'fetch_result' },
  /** 3xx: never followed, so credentials go nowhere else. */
  redirected: { ...DECIDED, advice: 'correct_request' },
} as const satisfies Record<string, FailureRow>;

export type FailureName = keyof typeof FAILURES;

/** Failures that mean "not yet" and never reach a caller. Category BENIGN. */
export const STILL_PROCESSING = 'StillProcessing';

/** What a Temporal failure of type {@link ErrorType} carries as its first detail. Everything in it is safe to show. */
export interface ErrorDetails {
  failure: FailureName | null;
  /** Of a request: of all its submits together. */
  outcome: Outcome | null;
  statusCode: number | null;
  requestId: string | null;
  providerRequestId: string | null;
  retryable: boolean;
  /** Seconds the provider asked us to wait; null when it did not say. */
  retryAfter: number | null;
  /** Whether the worker has a fallback. Absent where it has none. */
  fallback?: true;
}

/** Whether a submit whose outcome is unknown was answered with a 2xx: it did arrive, though nobody can tell as what. */
export function wasAnswered({ statusCode }: Pick<ErrorDetails, 'statusCode'>): boolean {
  return statusCode !== null && statusCode >= 200 && statusCode < 300;
}
