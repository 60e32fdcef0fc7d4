import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { CLIENT_CLOSED } from './open-calls.ts';
import { RequestNotFoundError, TemporalUnavailableError } from './client-errors.ts';

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const CANCELLED = 1;
const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const ABORTED = 10;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const DATA_LOSS = 15;
const UNAUTHENTICATED = 16;

const NO_ANSWER: readonly unknown[] = [CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE];
/** The server's own trouble, or that of a proxy before it: what became of the call is not known. */
const FAILED: readonly unknown[] = [UNKNOWN, ABORTED, INTERNAL, DATA_LOSS];
const NOT_LET_IN: readonly unknown[] = [PERMISSION_DENIED, UNAUTHENTICATED];

/**
 * An error of the Temporal client in this package's words; any other error as it is.
 * @param server its address, and where that was taken from
 */
export function translated(error: unknown, requestId: string, server?: string): unknown {
  const theServer = server === undefined ? 'The Temporal server' : `The Temporal server at ${server}`;
  const code = grpcCode(error);
  const namespace = missingNamespace(error, code);
  if (namespace !== undefined) {
    const message = `${theServer} has no namespace ${namespace}. Check TEMPORAL_NAMESPACE.`;
    return new TemporalUnavailableError(message, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError || code === NOT_FOUND) return new RequestNotFoundError(requestId);
  if (NO_ANSWER.includes(code)) {
    const where = server === undefined ? 'TEMPORAL_ADDRESS' : 'that address';
    const message = `${theServer} did not answer. Check ${where}, and that the server is up.`;
    return new TemporalUnavailableError(message, { cause: error });
  }
  if (FAILED.includes(code) || code === RESOURCE_EXHAUSTED) {
    const details = serviceError(error)?.details.replace(/[.\s]+$/, '');
    return new TemporalUnavailableError(`${theServer} failed: ${details}.`, { cause: error });
  }
  if (NOT_LET_IN.includes(code)) {
    const message = `${theServer} refused our credentials. Check TEMPORAL_API_KEY and the TLS certificates.`;
    return new TemporalUnavailableError(message, { cause: error });
  }
  return error;
}

/** Whether the Temporal server gave no answer at all. */
export function isNoAnswer(error: unknown): error is TemporalUnavailableError {
  if (!(error instanceof TemporalUnavailableError)) return false;
  // The server waited for a worker.
  if (error.cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return false;
  return NO_ANSWER.includes(grpcCode(error.cause));
}

/** The error of a start: one that nobody answered may have reached the server all the same. */
export function ofStart(error: unknown, requestId: string): unknown {
  if (!(error instanceof TemporalUnavailableError)) return error;
  const code = grpcCode(error.cause);
  if (error.message !== CLIENT_CLOSED && !NO_ANSWER.includes(code) && !FAILED.includes(code)) return error;
  const message = `${error.message} The request may have been started as ${requestId}: read its status before you repeat it.`;
  return new TemporalUnavailableError(message, { cause: error.cause, requestId });
}

/** Whether the server refused a call because our search attributes are not registered in its namespace. */
export function isMissingSearchAttribute(error: unknown): boolean {
  return (
    grpcCode(error) === INVALID_ARGUMENT &&
    error instanceof Error &&
    /ExternalApi(Tenant|Attention)/.test(textOf(error))
  );
}

/** Whether the server takes no more signals of a workflow, which had its 10,000. */
export function isSignalLimit(error: unknown): boolean {
  return grpcCode(error) === INVALID_ARGUMENT && error instanceof Error && /limit for signal/i.test(textOf(error));
}

/** The SDK tells a missing namespace from a missing workflow in some of its calls; the server's words do in all. */
function missingNamespace(error: unknown, code: number | undefined): string | undefined {
  if (error instanceof NamespaceNotFoundError) return error.namespace;
  return code === NOT_FOUND && error instanceof Error
    ? /Namespace (\S+) is not found/.exec(textOf(error))?.[1]
    : undefined;
}

function textOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}

/** The server does not have the call, or does not let us make it. */
export function isNotProvided(error: unknown): boolean {
  const code = grpcCode(error);
  return code === UNIMPLEMENTED || code === PERMISSION_DENIED;
}

/** The gRPC status code behind an error of the Temporal client; undefined for other errors. */
export function grpcCode(error: unknown): number | undefined {
  return serviceError(error)?.code;
}

function serviceError(error: unknown) {
  if (isGrpcServiceError(error)) return error;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : undefined;
}
