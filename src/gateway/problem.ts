import { STATUS_CODES } from 'node:http';
import {
  IdempotencyConflictError,
  InvalidRequestError,
  NothingToDecideError,
  NothingToDeliverError,
  RequestCancelledError,
  RequestFinishedError,
  RequestNotFoundError,
  RequestTooLargeError,
  TemporalUnavailableError,
} from '../client/client-errors.ts';
import { ExternalAPIError } from '../contract/errors.ts';
import { forCallers } from '../contract/callers-words.ts';
import { failedAnswer } from './failed-request.ts';
import { HttpError } from './http-error.ts';
import { statusPath } from './paths.ts';
import type { Problem } from './wire-schemas.ts';

interface Row {
  fits: (error: Error) => boolean;
  status: number;
  /** The `error` member, where it is not the name of the error's class. */
  name?: string;
  /** What the caller reads, where the error's own message is not for callers. */
  detail?: string;
  /** Seconds until it is worth coming back. */
  retryAfter?: number;
  headers?: Readonly<Record<string, string>>;
}

export const NOTHING_HERE = 'There is nothing here. /docs lists what there is.';

/** Every error that can reach a caller, but for a request that failed; the first row that fits decides. */
const ROWS: readonly Row[] = [
  { fits: (error) => error instanceof InvalidRequestError, status: 400 },
  { fits: (error) => error instanceof RequestNotFoundError, status: 404 },
  { fits: (error) => error instanceof RequestCancelledError, status: 409 },
  { fits: (error) => error instanceof NothingToDecideError, status: 409 },
  { fits: (error) => error instanceof RequestFinishedError, status: 409 },
  { fits: (error) => error instanceof NothingToDeliverError, status: 409 },
  { fits: (error) => error instanceof RequestTooLargeError, status: 413 },
  { fits: (error) => error instanceof IdempotencyConflictError, status: 422 },
  {
    fits: (error) => error instanceof TemporalUnavailableError,
    status: 503,
    retryAfter: 5,
    detail: 'Requests can be neither taken nor read at the moment. Nothing was started.',
  },
  {
    fits: (error) => codeOf(error) === 'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    status: 415,
    name: 'UnsupportedMediaTypeError',
    detail: 'The body must be JSON. Send it with Content-Type: application/json.',
    headers: { accept: 'application/json' },
  },
  {
    fits: (error) => codeOf(error) === 'FST_UNDER_PRESSURE',
    status: 503,
    name: 'OverloadedError',
    detail: 'The gateway is overloaded. Repeat the request later.',
    retryAfter: 5,
  },
  {
    fits: (error) => codeOf(error) === 'FST_ERR_MAX_PARAM_LENGTH',
    status: 404,
    name: 'RequestNotFoundError',
    detail: 'There is no such request: no id is that long.',
  },
  // Of the files of /docs: a path that leads out of their folder.
  { fits: (error) => statusOf(error) === 403, status: 404, name: 'RouteNotFoundError', detail: NOTHING_HERE },
  // What Fastify itself refuses, such as a malformed URL; its messages are made for callers.
  { fits: (error) => statusOf(error) === 400, status: 400, name: 'BadRequestError' },
  {
    fits: (error) => statusOf(error) > 400 && statusOf(error) < 500,
    status: 400,
    name: 'BadRequestError',
    detail: 'The request cannot be answered as it is.',
  },
];

const UNEXPECTED: Row = {
  fits: () => true,
  status: 500,
  name: 'InternalError',
  detail: 'Something unexpected went wrong. The log of the gateway says what.',
};

/**
 * The RFC 9457 problem that a caller sees for what was thrown, with the headers that belong to it. `type` is about:blank and
 * `title` the phrase of the status (section 4.2.1); programs tell problems apart by `error`.
 *
 * @param requestId our id, once the request was started
 * @param retriedBy the request that repeats it, where that is known
 */
export function toProblem(
  thrown: Error,
  requestId: string | null,
  retriedBy: string | null = null,
): { problem: Problem; headers: Readonly<Record<string, string>> } {
  const error = thrown instanceof InvalidRequestError ? inWireNames(thrown) : thrown;
  if (error instanceof HttpError) {
    const problem = problemOf(error.status, error.name, error.message, requestId);
    return { problem: { ...problem, ...error.members }, headers: error.headers };
  }
  if (error instanceof ExternalAPIError) {
    const { status, retryAfter } = failedAnswer(error, retriedBy);
    const problem = problemOf(status, error.type, forCallers(error.message), requestId ?? error.requestId);
    return { problem: { ...problem, ...whatIsKnown(error, retriedBy) }, headers: comeBack(retryAfter) };
  }
  const { status, name, detail, retryAfter = null, headers } = ROWS.find(({ fits }) => fits(error)) ?? UNEXPECTED;
  const problem = problemOf(status, name ?? error.name, detail ?? error.message, requestId ?? requestIdOf(error));
  if (error instanceof InvalidRequestError) problem.errors = [...error.problems];
  return { problem, headers: { ...headers, ...comeBack(retryAfter) } };
}

/** The client names its own members. */
function inWireNames(error: InvalidRequestError): InvalidRequestError {
  const named = ({ path, message }: InvalidRequestError['problems'][number]) => ({
    path: path.replace(/^options\.callbackUrl$/, 'options.callback_url'),
    message,
  });
  return new InvalidRequestError(error.problems.map(named));
}

function comeBack(seconds: number | null): Readonly<Record<string, string>> {
  return seconds === null ? {} : { 'retry-after': String(seconds) };
}

function problemOf(status: number, error: string, detail: string, requestId: string | null): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    error,
    ...(requestId !== null && { instance: statusPath(requestId), request_id: requestId }),
  };
}

/** What a caller needs before it sends the same again. */
function whatIsKnown({ providerRequestId, outcome }: ExternalAPIError, retriedBy: string | null): Partial<Problem> {
  return {
    ...(retriedBy !== null && { retried_by: retriedBy }),
    ...(providerRequestId !== null && { provider_request_id: providerRequestId }),
    ...(outcome !== null && { outcome }),
  };
}

/** As Fastify and its plugins say it; 500: they do not. */
function statusOf(error: Error): number {
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

function requestIdOf(error: Error): string | null {
  return 'requestId' in error && typeof error.requestId === 'string' ? error.requestId : null;
}
