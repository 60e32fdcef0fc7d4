import { describe, expect, test } from 'vitest';
import { APIAuthenticationError, APIRateLimitError, APITimeoutError, callError } from '../../src/contract/errors.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import {
  brokenCallMessage,
  codeOf,
  failureOfBrokenCall,
  failureOfStatus,
  sizesOf,
  statusMessage,
  type BrokenCall,
} from '../../src/provider/call-failure.ts';
import type { Operation } from '../../src/contract/values.ts';

/** What stands where the provider's errors stand. */
const WORDS = { code: 'why', detail: 'why' };
const NO_WORDS = { code: null, detail: null };

type Row = [statusCode: number, retryAfterMs: number | null, failure: FailureName | null, row: string];

const ANSWERS: Row[] = [
  [200, null, null, 'no failure'],
  [202, 5_000, null, 'no failure'],
  [301, null, 'redirected', 'final, ExternalAPIError, final'],
  [400, null, 'rejected', 'final, ExternalAPIError, final'],
  [400, 7_000, 'askedToWait', 'refused, ExternalAPIError, wait'],
  [401, null, 'unauthorized', 'refused, APIAuthenticationError, final'],
  // A fresh token is tried first.
  [401, 7_000, 'unauthorized', 'refused, APIAuthenticationError, final'],
  [403, null, 'forbidden', 'final, APIAuthenticationError, final'],
  [403, 7_000, 'unavailableUntil', 'refused, ExternalAPIError, wait'],
  [404, null, 'declined', 'final, ExternalAPIError, final'],
  [404, 7_000, 'askedToWait', 'refused, ExternalAPIError, wait'],
  [405, null, 'declined', 'final, ExternalAPIError, final'],
  [408, null, 'cutShort', 'ambiguous, APITimeoutError, settle'],
  [408, 7_000, 'cutShort', 'ambiguous, APITimeoutError, settle'],
  [409, null, 'declined', 'final, ExternalAPIError, final'],
  [409, 7_000, 'askedToWait', 'refused, ExternalAPIError, wait'],
  [410, null, 'declined', 'final, ExternalAPIError, final'],
  [413, null, 'rejected', 'final, ExternalAPIError, final'],
  [418, null, 'declined', 'final, ExternalAPIError, final'],
  [421, null, 'misdirected', 'refused, ExternalAPIError, retry'],
  [422, null, 'rejected', 'final, ExternalAPIError, final'],
  [423, null, 'declined', 'final, ExternalAPIError, final'],
  [425, null, 'misdirected', 'refused, ExternalAPIError, retry'],
  [425, 7_000, 'misdirected', 'refused, ExternalAPIError, retry'],
  [429, null, 'rateLimited', 'refused, APIRateLimitError, wait'],
  [429, 7_000, 'rateLimited', 'refused, APIRateLimitError, wait'],
  [499, null, 'cutShort', 'ambiguous, APITimeoutError, settle'],
  [500, null, 'serverError', 'ambiguous, ExternalAPIError, settle'],
  [500, 7_000, 'serverError', 'ambiguous, ExternalAPIError, settle'],
  [502, null, 'serverError', 'ambiguous, ExternalAPIError, settle'],
  [503, null, 'serverError', 'ambiguous, ExternalAPIError, settle'],
  [503, 1, 'unavailableUntil', 'refused, ExternalAPIError, wait'],
  [504, null, 'serverError', 'ambiguous, ExternalAPIError, settle'],
  [599, null, 'serverError', 'ambiguous, ExternalAPIError, settle'],
];

function rowOf(failure: FailureName | null): string {
  if (failure === null) return 'no failure';
  const { outcome, type, next } = FAILURES[failure];
  return `${outcome}, ${type}, ${next}`;
}

describe.each<Operation>(['submit', 'status', 'cancel'])('an answer to a %s', (operation) => {
  // Only a submit carries an input that could be refused.
  const answers = ANSWERS.map(([code, after, failure, row]) => {
    return [code, after, failure === 'rejected' && operation !== 'submit' ? 'declined' : failure, row] as const;
  });
  test.each(answers)('[M6] E5: %i, Retry-After %s -> %s: %s', (statusCode, retryAfterMs, failure, row) => {
    expect(failureOfStatus({ operation, statusCode, retryAfterMs, repeated: false, error: WORDS })).toBe(failure);
    expect(rowOf(failure)).toBe(row);
  });

  test.each([404, 405, 410])('[M6] %i without the provider’s words is of something before it', (statusCode) => {
    for (const retryAfterMs of [null, 7_000]) {
      const answer = { operation, statusCode, retryAfterMs, repeated: false, error: NO_WORDS };
      expect(failureOfStatus(answer)).toBe('misdirected');
    }
  });
});

describe('a repeated submit', () => {
  const repeated = { operation: 'submit', retryAfterMs: null, repeated: true, error: WORDS } as const;

  test.each([409, 423, 425])('[N14][M6] E4: %i -> it is still running: wait, ambiguous', (statusCode) => {
    for (const retryAfterMs of [null, 7_000]) {
      const answer = { ...repeated, statusCode, retryAfterMs };
      expect(failureOfStatus(answer)).toBe('stillRunning');
      expect(failureOfStatus({ ...answer, operation: 'status' })).not.toBe('stillRunning');
      expect(failureOfStatus({ ...answer, repeated: false })).not.toBe('stillRunning');
    }
    expect(FAILURES.stillRunning).toMatchObject({ outcome: 'ambiguous', next: 'wait' });
  });

  test('[N14][N1][M6] E5: 422 -> its key was used, so an earlier one arrived: no try follows, ambiguous', () => {
    expect(failureOfStatus({ ...repeated, statusCode: 422 })).toBe('keyUsed');
    expect(failureOfStatus({ ...repeated, statusCode: 422, operation: 'status' })).toBe('declined');
    expect(FAILURES.keyUsed).toMatchObject({ outcome: 'ambiguous', next: 'final', verdict: null });
  });

  test.each([400, 413, 415])(
    '[N14][M6] E5: %i is about the body, and would have been the answer to the first',
    (statusCode) => {
      expect(failureOfStatus({ ...repeated, statusCode })).toBe('rejected');
      expect(FAILURES.rejected.verdict).toBe('input');
    },
  );

  test('[M6] any other refusal in its words is final', () => {
    for (const statusCode of [404, 405, 418]) expect(failureOfStatus({ ...repeated, statusCode })).toBe('declined');
  });
});

describe('an answer of the token endpoint', () => {
  const asked = { operation: 'token', retryAfterMs: null, repeated: false } as const;

  test.each([
    [400, 'invalid_client', 'invalidClient'],
    [401, 'invalid_client', 'invalidClient'],
    [400, 'invalid_scope', 'invalidClient'],
    [403, 'unauthorized_client', 'invalidClient'],
    [400, 'temporarily_unavailable', 'tokenRefused'],
    [400, null, 'tokenRefused'],
    [401, null, 'tokenRefused'],
    [403, null, 'tokenRefused'],
    [404, null, 'misdirected'],
    [404, 'no such path', 'tokenRefused'],
    [408, null, 'cutShort'],
    [413, null, 'tokenRefused'],
    [421, null, 'misdirected'],
    [422, null, 'tokenRefused'],
    [429, null, 'rateLimited'],
    [500, null, 'serverError'],
  ] as const)('[M2][M6] %i %s -> %s', (statusCode, code, failure) => {
    expect(failureOfStatus({ ...asked, statusCode, error: { code, detail: code } })).toBe(failure);
  });

  test('[M2][M6] that carries a wait is waited for', () => {
    const error = { code: 'invalid_client', detail: 'invalid_client' };
    for (const statusCode of [400, 401, 422])
      expect(failureOfStatus({ ...asked, statusCode, retryAfterMs: 7_000, error })).toBe('askedToWait');
    expect(failureOfStatus({ ...asked, statusCode: 403, retryAfterMs: 7_000, error })).toBe('unavailableUntil');
  });

  test('[M2][M6] whatever it refuses is tried again, but for the errors of RFC 6749', () => {
    expect(rowOf('invalidClient')).toBe('final, APIAuthenticationError, final');
    expect(rowOf('tokenRefused')).toBe('refused, APIAuthenticationError, retry');
  });
});

describe('no whole answer', () => {
  const sent: BrokenCall = { sent: true, reason: 'failed', replyStarted: false, code: null };
  const rows: [title: string, call: BrokenCall, failure: FailureName, message: string][] = [
    ['DNS', { ...sent, sent: false, code: 'ENOTFOUND' }, 'unreachable', 'Could not connect to http://x: ENOTFOUND'],
    [
      'refused',
      { ...sent, sent: false, code: 'ECONNREFUSED' },
      'unreachable',
      'Could not connect to http://x: ECONNREFUSED',
    ],
    [
      'reset before sending',
      { ...sent, sent: false, code: 'ECONNRESET' },
      'unreachable',
      'Could not connect to http://x: ECONNRESET',
    ],
    [
      'no connection in time',
      { ...sent, sent: false, reason: 'timeout' },
      'unreachable',
      'No connection to http://x within 5 s, nothing was sent',
    ],
    [
      'expired certificate',
      { ...sent, sent: false, code: 'CERT_HAS_EXPIRED' },
      'badCertificate',
      'The certificate of http://x was not accepted: CERT_HAS_EXPIRED',
    ],
    [
      'reset after sending',
      { ...sent, code: 'ECONNRESET' },
      'connectionLost',
      'The connection to http://x was lost after the call was sent: ECONNRESET',
    ],
    // The same code means something else once the call has left.
    [
      'refused after sending',
      { ...sent, code: 'ECONNREFUSED' },
      'connectionLost',
      'The connection to http://x was lost after the call was sent: ECONNREFUSED',
    ],
    ['no answer in time', { ...sent, reason: 'timeout' }, 'noAnswer', 'No answer from http://x within 30 s'],
    [
      'half an answer in time',
      { ...sent, reason: 'timeout', replyStarted: true },
      'noAnswer',
      'No answer from http://x within 30 s',
    ],
    [
      'cut off',
      { ...sent, replyStarted: true, code: 'UND_ERR_SOCKET' },
      'unreadableReply',
      'Unreadable reply from http://x: it ended early: UND_ERR_SOCKET',
    ],
    [
      'too large',
      { ...sent, replyStarted: true, code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' },
      'unreadableReply',
      'Unreadable reply from http://x: too large',
    ],
    [
      'headers too large',
      { ...sent, code: 'UND_ERR_HEADERS_OVERFLOW' },
      'unreadableReply',
      'Unreadable reply from http://x: its headers are larger than 16 KiB',
    ],
    [
      'not UTF-8',
      { ...sent, reason: 'unreadable', replyStarted: true, code: 'ERR_ENCODING_INVALID_ENCODED_DATA' },
      'unreadableReply',
      'Unreadable reply from http://x: it is not UTF-8',
    ],
    [
      'broken gzip',
      { ...sent, reason: 'unreadable', replyStarted: true, code: 'Z_DATA_ERROR' },
      'unreadableReply',
      'Unreadable reply from http://x: it cannot be unpacked: Z_DATA_ERROR',
    ],
    ['not HTTP', { ...sent, reason: 'not-http' }, 'unreadableReply', 'Unreadable reply from http://x: it is not HTTP'],
  ];
  test.each(rows)('[M6][N1] %s', (_title, call, failure, message) => {
    expect(failureOfBrokenCall(call)).toBe(failure);
    expect(FAILURES[failure].outcome).toBe(call.sent ? 'ambiguous' : 'never-sent');
    expect(brokenCallMessage(failure, call, 'http://x', { timeoutMs: 30_000, connectTimeoutMs: 5_000 })).toBe(message);
  });

  test('[M6] the code of an error is its own, or that of its nearest cause', () => {
    const inner = Object.assign(new Error('in'), { code: 'ENOTFOUND' });
    expect(codeOf(new Error('out', { cause: new Error('mid', { cause: inner }) }))).toBe('ENOTFOUND');
    expect(codeOf(new Error('out'))).toBeNull();
    expect(codeOf('text')).toBeNull();
  });
});

test.each([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [429, 'Rate Limit Exceeded'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
  [418, 'Unknown error (status: 418)'],
])('[M6] %i reads %j, with the detail behind it', (statusCode, message) => {
  expect(statusMessage(statusCode, null)).toBe(message);
  expect(statusMessage(statusCode, 'why')).toBe(`${message}: why`);
});

test('[M6] the error of a row has its class, outcome and whether asking again could help', () => {
  expect(callError('rateLimited', 'm', { retryAfter: 3 })).toBeInstanceOf(APIRateLimitError);
  expect(callError('noAnswer', 'm', {})).toBeInstanceOf(APITimeoutError);
  expect(callError('forbidden', 'm', {})).toBeInstanceOf(APIAuthenticationError);
  for (const failure of Object.keys(FAILURES) as FailureName[]) {
    const { outcome, next } = FAILURES[failure];
    const cause = new Error('why');
    expect(callError(failure, 'm', {}, cause)).toMatchObject({ failure, outcome, retryable: next !== 'final', cause });
  }
});

test('[M6] how large the headers of a call were is told, and how much of that the authorization was, if there was one', () => {
  const told = (bytes: number, authorization: number): string =>
    `the headers of the call are too large: ${bytes} bytes, ${authorization} of them the authorization`;
  expect(sizesOf(['accept', 'application/json'])).toBe(told(26, 0));
  expect(sizesOf(['accept', 'a/b', 'authorization', 'Bearer t'])).toBe(told(38, 8));
});
