import type { FailureName } from '../contract/failures.ts';
import type { ProviderError } from './error-detail.ts';
import { UNKNOWN_CODING } from './reply-text.ts';
import { certificateWanted, handshakeRefused } from './tls-alerts.ts';
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

/** What a 431 is about (RFC 6585, section 5). @param headers name, value, name, value */
export function sizesOf(headers: readonly string[]): string {
  // Each line has a colon, a blank, and an end of two bytes.
  const bytes = headers.join('').length + headers.length * 2;
  const at = headers.indexOf('authorization');
  const authorization = at === -1 ? 0 : (headers[at + 1]?.length ?? 0);
  return `the headers of the call are too large: ${bytes} bytes, ${authorization} of them the authorization`;
}

/** An answer, as far as it decides the row of the failure table. */
export interface Answer {
  operation: Operation;
  statusCode: number;
  /** Null: no hint that could be heeded. */
  retryAfterMs: number | null;
  /** An earlier submit with this key may have arrived. */
  repeated: boolean;
  error: ProviderError;
}

/** "A request with this key is in progress", in the words of different providers. */
const STILL_RUNNING = [409, 423, 425];

/** "This key was used with another payload" (draft-ietf-httpapi-idempotency-key-header, error scenarios). */
const KEY_USED = 422;

/** It reached a server that does not answer for the provider, or not yet (RFC 9110, section 15.5.20; RFC 8470). */
const MISDIRECTED = [421, 425];

/** What a proxy says while it has lost its way to the provider. In the provider's own words it is a refusal. */
const OF_A_PROXY = [404, 405, 410];

/** Request Timeout (RFC 9110, section 15.5.9), and what a proxy logs when its client went away first. */
const CUT_SHORT = [408, 499];

/** What the provider answers to an input that it refuses (RFC 9110, section 15.5). */
const ABOUT_INPUT = [400, 413, 415, 422];

/** RFC 6749, section 5.2. */
const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
];

/** The row of the failure table for an answer; null for a 2xx. The first that fits counts. */
export function failureOfStatus(answer: Answer): FailureName | null {
  const { operation, statusCode, retryAfterMs, repeated, error } = answer;
  if (statusCode < 300) return null;
  if (statusCode < 400) return 'redirected';
  if (statusCode >= 500) return statusCode === 503 && retryAfterMs !== null ? 'unavailableUntil' : 'serverError';
  if (operation === 'submit' && repeated) {
    if (STILL_RUNNING.includes(statusCode)) return 'stillRunning';
    if (statusCode === KEY_USED) return 'keyUsed';
  }
  if (MISDIRECTED.includes(statusCode)) return 'misdirected';
  if (OF_A_PROXY.includes(statusCode) && error.detail === null) return 'misdirected';
  if (CUT_SHORT.includes(statusCode)) return 'cutShort';
  if (statusCode === 429) return 'rateLimited';
  if (statusCode === 403 && retryAfterMs !== null) return 'unavailableUntil';
  // With a 401 a fresh token is tried first, whatever else it says.
  if (statusCode === 401 && operation !== 'token') return 'unauthorized';
  if (retryAfterMs !== null) return 'askedToWait';
  if (operation === 'token') return failureOfTokenError(error);
  if (statusCode === 403) return 'forbidden';
  // A status call carries no input: what refuses it says nothing of that.
  return operation === 'submit' && ABOUT_INPUT.includes(statusCode) ? 'rejected' : 'declined';
}

/** The row for what the token endpoint says instead of a token. */
export function failureOfTokenError({ code }: ProviderError): 'invalidClient' | 'tokenRefused' {
  return code !== null && OAUTH_ERRORS.includes(code) ? 'invalidClient' : 'tokenRefused';
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
  if (!replyStarted && certificateWanted(code) !== null) return 'certificateWanted';
  if (!sent) return code !== null && CERTIFICATE_CODES.has(code) ? 'badCertificate' : 'unreachable';
  if (reason === 'timeout') return 'noAnswer';
  const isUnreadable = replyStarted || reason === 'not-http' || reason === 'http2' || code === LONG_HEADERS;
  return isUnreadable ? 'unreadableReply' : 'connectionLost';
}

export function brokenCallMessage(
  failure: FailureName,
  call: BrokenCall,
  origin: string,
  { timeoutMs, connectTimeoutMs }: CallTimeouts,
): string {
  const because = call.code === null ? '' : `: ${call.code}`;
  switch (failure) {
    case 'certificateWanted':
      return `${origin} ${certificateWanted(call.code)}${because}`;
    case 'badCertificate':
      return `The certificate of ${origin} was not accepted${because}`;
    case 'noAnswer':
      return `No answer from ${origin} within ${timeoutMs / 1000} s`;
    case 'unreadableReply':
      return `Unreadable reply from ${origin}: ${whyUnreadable(call, because)}`;
    case 'connectionLost':
      return `The connection to ${origin} was lost after the call was sent${because}`;
    default: {
      if (call.reason === 'timeout' || call.code === 'UND_ERR_CONNECT_TIMEOUT')
        return `No connection to ${origin} within ${connectTimeoutMs / 1000} s, nothing was sent`;
      if (call.code === 'NOT_PUBLIC') return `${origin} is not at a public address: nothing was sent`;
      const why = handshakeRefused(call.code);
      return why === null ? `Could not connect to ${origin}${because}` : `${origin} ${why}${because}`;
    }
  }
}

/** Of undici, which takes 16 KiB. */
const LONG_HEADERS = 'UND_ERR_HEADERS_OVERFLOW';

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  [LONG_HEADERS]: 'its headers are larger than 16 KiB',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too large',
  ERR_BUFFER_TOO_LARGE: 'too large when unpacked',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8',
  [UNKNOWN_CODING]: 'it is packed in a way that was not asked for, and is not known here (Content-Encoding)',
};

function whyUnreadable({ reason, code }: BrokenCall, because: string): string {
  if (reason === 'not-http') return 'it is not HTTP';
  if (reason === 'http2') return 'it is HTTP/2, and only HTTP/1.1 is spoken here';
  const known = code === null ? undefined : WHY_UNREADABLE[code];
  return known ?? `${reason === 'unreadable' ? 'it cannot be unpacked' : 'it ended early'}${because}`;
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
