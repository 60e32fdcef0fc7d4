import type { ErrorDetails } from '../contract/failures.ts';
import type { RequestError } from '../contract/request.ts';
import type { ErrorType, FailedStatus } from '../contract/values.ts';
import type { StepOver } from '../endings/ending.ts';
import type { ToldStepOver } from '../endings/step-over.ts';

/** How a request ends without a result, or what it is held for. */
export interface RequestFailure {
  status: FailedStatus;
  error: RequestError;
  details: ErrorDetails;
  /** Whether another answer may stand in. */
  mayFallBack: boolean;
}

/** A failure of a request, with what is known of the call that led to it. */
export function requestFailure(
  status: RequestFailure['status'],
  type: ErrorType,
  message: string,
  known: Partial<ErrorDetails>,
  mayFallBack = false,
): RequestFailure {
  const details: ErrorDetails = {
    failure: null,
    outcome: null,
    statusCode: null,
    requestId: null,
    providerRequestId: null,
    retryable: false,
    retryAfter: null,
    ...known,
  };
  const { statusCode, retryable, outcome, failure } = details;
  return { status, error: { type, message, statusCode, retryable, outcome, failure }, details, mayFallBack };
}

/** The failure that {@link ending} decided on. */
export function failureOf(
  over: ToldStepOver,
  { end, retryable, fallback }: { end: RequestFailure['status']; retryable: boolean; fallback: boolean },
  deadlineMs: number,
): RequestFailure {
  const { type, message, outcome, providerRequestId } = over;
  const known = { ...over.details, outcome, providerRequestId, retryable };
  if (end === 'failed') {
    return requestFailure(end, type ?? 'ExternalAPIError', message ?? 'It ended without a word', known, fallback);
  }
  const limited = type === 'APIRateLimitError' ? type : 'APITimeoutError';
  return requestFailure(end, limited, deadlineMessage(over, deadlineMs), known, fallback);
}

/** What a request is held for. */
export function unknownOutcome(over: ToldStepOver): RequestFailure {
  const { message, details, idInDoubt } = over;
  const words = circumstances(over);
  const why = message === null ? (words ?? NOT_SAID) : words === null ? message : `${words}. Last: ${message}`;
  const known = { ...details, ...(idInDoubt && { providerRequestId: null }) };
  return requestFailure('failed', 'OutcomeUnknown', why, { ...known, outcome: 'ambiguous', retryable: false });
}

/** What the failure of the last call does not say. */
function circumstances({ step, over }: ToldStepOver): string | null {
  return over === 'deadline' && step === 'process' ? UNANSWERED : null;
}

const UNANSWERED = 'The deadline came after the request was sent and before its answer';
const NOT_SAID = 'The request was sent, and nobody can say what became of it';

/** What the request was doing when its deadline came, if no call said more. */
const UNDER_WAY: Record<StepOver['step'], string> = {
  authenticate: 'while it waited for an access token',
  process: 'while it waited to be submitted',
  pollStatus: 'while the provider was still working on it',
};

function deadlineMessage({ step, message, lookedLast }: ToldStepOver, deadlineMs: number): string {
  const passed = `The request's deadline of ${Math.round(deadlineMs) / 1000} s passed`;
  if (message === null) return `${passed} ${UNDER_WAY[step]}${step === 'pollStatus' && !lookedLast ? NO_LOOK : ''}`;
  return `${passed}. Last: ${message}${step === 'pollStatus' ? NO_LOOK : ''}`;
}

const NO_LOOK = '; it could not be looked at once more';
