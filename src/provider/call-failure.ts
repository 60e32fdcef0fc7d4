import type { FailureName } from '../contract/failures.ts';
import type { BreakReason, CallTimeouts } from './transport.ts';
import type { ClosedBy, Operation } from '../contract/values.ts';

/** The words of the provider's contract. */
const STATUS_MESSAGES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  429: 'Rate Limit Exceeded',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function statusMessage(statusCode: number, detail: string | null): string {
  const message = STATUS_MESSAGES[statusCode] ?? `Unknown error (status: ${statusCode})`;
  return detail === null ? message : `${message}: ${detail}`;
}

/** An answer, as far as it decides the row of the failure table. */
export interface Answer {
  operation: Operation;
  statusCode: number;
  /** Null: no hint that could be heeded. */
  retryAfterMs: number | null;
  /** An earlier submit with this key may have arrived. */
  repeated: boolean;
}

/** "A request with this key is in progress", in the words of different providers. */
const STILL_RUNNING = [409, 423, 425];

/** "This key was used with another payload" (draft-ietf-httpapi-idempotency-key-header, error scenarios). */
const KEY_USED = 422;

/** What the provider answers to an input that it refuses (RFC 9110, section 15.5). */
const ABOUT_INPUT = [400, 413, 415, 422];

/** The row of the failure table for an answer; null for a 2xx. */
export function failureOfStatus({ operation, statusCode, retryAfterMs, repeated }: Answer): FailureName | null {
  if (statusCode < 300) return null;
  if (statusCode < 400) return 'redirected';
  if (statusCode === 429) return 'rateLimited';
  if (statusCode === 403) return 'forbidden';
  // RFC 6749, section 5.2: the token endpoint refuses a client with 400, or 401 for `invalid_client`.
  if (operation === 'token' && (statusCode === 400 || statusCode === 401)) return 'invalidClient';
  if (statusCode === 401) return 'unauthorized';
  if (operation === 'submit' && repeated) {
    if (STILL_RUNNING.includes(statusCode)) return 'stillRunning';
    if (statusCode === KEY_USED) return 'keyUsed';
  }
  // A token or status call carries no input: what refuses it says nothing of that.
  if (statusCode < 500) return operation === 'submit' && ABOUT_INPUT.includes(statusCode) ? 'rejected' : 'declined';
  return statusCode === 503 && retryAfterMs !== null ? 'unavailableUntil' : 'serverError';
}

/** What is known of a call that got no whole answer. */
export interface BrokenCall {
  /** Whether it was handed to a connected socket. */
  sent: boolean;
  reason: BreakReason;
  /** Whether the head of a 2xx came. */
  replyStarted: boolean;
  /** `code` of the error that ended it, from Node.js, OpenSSL or undici. */
  code: string | null;
}

/** The row of the failure table for a call without a whole answer: what the transport did counts, then the code. */
export function failureOfBrokenCall({ sent, reason, replyStarted, code }: BrokenCall): FailureName {
  if (!sent) return code !== null && CERTIFICATE_CODES.has(code) ? 'badCertificate' : 'unreachable';
  if (reason === 'timeout') return 'noAnswer';
  return replyStarted || reason === 'not-http' ? 'unreadableReply' : 'connectionLost';
}

export function brokenCallMessage(
  failure: FailureName,
  call: BrokenCall,
  origin: string,
  { timeoutMs, connectTimeoutMs }: CallTimeouts,
): string {
  const because = call.code === null ? '' : `: ${call.code}`;
  switch (failure) {
    case 'badCertificate':
      return `The certificate of ${origin} was not accepted${because}`;
    case 'noAnswer':
      return `No answer from ${origin} within ${timeoutMs / 1000} s`;
    case 'unreadableReply':
      if (call.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return `Unreadable reply from ${origin}: too large`;
      if (call.reason === 'not-http') return `Unreadable reply from ${origin}: it is not HTTP`;
      return `Unreadable reply from ${origin}: it ended early${because}`;
    case 'connectionLost':
      return `The connection to ${origin} was lost after the call was sent${because}`;
    default:
      return call.reason === 'timeout'
        ? `No connection to ${origin} within ${connectTimeoutMs / 1000} s, nothing was sent`
        : `Could not connect to ${origin}${because}`;
  }
}

const LONGEST_GUESS_MS = 5_000;

const NO_PERMIT: Record<ClosedBy, { failure: FailureName; why: string }> = {
  budget: { failure: 'overBudget', why: 'The call budget is used up' },
  cool_down: { failure: 'coolingDown', why: 'The provider asked us to wait' },
  outage: { failure: 'outage', why: 'The provider is down, and another call finds out when it is back' },
};

/** The row of the failure table for a call that the budget held back. */
export function noPermitFailure(closedBy: ClosedBy): FailureName {
  return NO_PERMIT[closedBy].failure;
}

/** What the provider asked for is certain; a permit may come back, and an outage end, before it is expected. */
export function noPermitRetryMs(closedBy: ClosedBy, waitMs: number): number {
  return closedBy === 'cool_down' ? waitMs : Math.min(waitMs, LONGEST_GUESS_MS);
}

export function noPermitMessage(closedBy: ClosedBy, waitMs: number): string {
  return `${NO_PERMIT[closedBy].why} (for ${(waitMs / 1000).toFixed(1)} s more); nothing was sent`;
}

/** `code` of an error or of its nearest cause that has one. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  return 'code' in error && typeof error.code === 'string' ? error.code : codeOf(error.cause);
}

/** Certificate errors of Node.js (`tls`, "X509 certificate error codes"). */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
]);
