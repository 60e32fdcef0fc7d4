import type { ProcessResult, RecordedResolution, RequestError, RequestSnapshot } from './request.ts';

/** The provider's `result`, as the contract writes it. */
export function resultToWire({ processedData, metadata, inexact }: ProcessResult) {
  return {
    processed_data: processedData,
    metadata: { processing_time: metadata.processingTime, version: metadata.version },
    ...(inexact && { inexact }),
  };
}

export function errorToWire({ type, message, statusCode, retryable, outcome }: RequestError) {
  return { type, message, status_code: statusCode, retryable, outcome };
}

export function resolutionToWire({ decision, providerRequestId, by, reason, at }: RecordedResolution) {
  return { decision, provider_request_id: providerRequestId, by, reason, at };
}

/** A request as HTTP and the command line show it: snake_case, null where there is nothing, no tenant. */
export function snapshotToWire(snapshot: RequestSnapshot) {
  const { error, waitingFor } = snapshot;
  return {
    request_id: snapshot.requestId,
    status: snapshot.status,
    created_at: snapshot.createdAt,
    updated_at: snapshot.updatedAt,
    completed_at: snapshot.completedAt,
    deadline_at: snapshot.deadlineAt,
    provider_request_id: snapshot.providerRequestId,
    result: snapshot.result && resultToWire(snapshot.result),
    error: error && errorToWire(error),
    source: snapshot.source,
    cached_at: snapshot.cachedAt,
    cancellation: snapshot.cancellation,
    resolution: snapshot.resolution && resolutionToWire(snapshot.resolution),
    waiting_for: waitingFor && {
      reason: waitingFor.reason,
      since: waitingFor.since,
      until: waitingFor.until,
      attempt: waitingFor.attempt,
      calls: waitingFor.calls,
      ...(waitingFor.providerStatus !== undefined && { provider_status: waitingFor.providerStatus }),
    },
    retry_of: snapshot.retryOf,
    retried_by: snapshot.retriedBy,
    ...(snapshot.cancelRequested && { cancel_requested: true as const }),
    // Absent where there is only the built-in one, as all was before there were others.
    ...(snapshot.provider !== null && { provider: snapshot.provider }),
    // Absent unless true, as the status of a healthy system has no such member.
    ...(snapshot.stale && { stale: true as const }),
  };
}
