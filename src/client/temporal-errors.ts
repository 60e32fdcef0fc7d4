import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { RequestNotFoundError, TemporalUnavailableError } from './errors.ts';

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const UNAVAILABLE = 14;

/** The gRPC status code behind an error of the Temporal client; undefined for other errors. */
export function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}

/** An error of the Temporal client in this package's words; any other error as it is. */
export function translated(error: unknown, requestId: string): unknown {
  const code = grpcCode(error);
  if (error instanceof WorkflowNotFoundError || code === NOT_FOUND) return new RequestNotFoundError(requestId);
  if (code === UNAVAILABLE || code === DEADLINE_EXCEEDED || code === CANCELLED) {
    return new TemporalUnavailableError({ cause: error });
  }
  return error;
}

/** Whether the server refused a call because our search attributes are not registered in its namespace. */
export function isMissingSearchAttribute(error: unknown): boolean {
  return (
    grpcCode(error) === INVALID_ARGUMENT &&
    error instanceof Error &&
    /ExternalApi(Tenant|Attention)/.test(textOf(error))
  );
}

function textOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}
