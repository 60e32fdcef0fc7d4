import type { CallRecord, ProviderObserver } from '../provider/observer.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** The one place where a call to the provider becomes a log line and metrics. */
export function observeProvider(logger: Logger, metrics: Metrics) {
  const observer = {
    called(record: CallRecord): void {
      const { endpoint, outcome, statusCode, errorType } = record;
      logger[errorType === null ? 'info' : 'warn'](apiCallEvent(record));
      metrics.calls.add(1, { endpoint, outcome });
      metrics.callDuration.record(record.durationMs / 1000, { endpoint });
      if (errorType !== null) metrics.errors.add(1, { type: errorType });
      if (statusCode === 401 || errorType === 'APIAuthenticationError') metrics.authenticationFailures.add(1);
    },
    tokenRefreshed(generation: number): void {
      logger.debug({ event: 'external_api_token_refreshed', generation });
      metrics.tokenRefreshes.add(1);
    },
    unknownStatus(status: string, requestId: string, first: boolean): void {
      metrics.unknownStatuses.add(1);
      if (first) {
        logger.warn(
          { event: 'external_api_unknown_status', request_id: requestId, status },
          'The provider used a status word that this version does not know; polling goes on',
        );
      }
    },
  };
  return observer satisfies ProviderObserver;
}

/** The log event of one call. `response_time` in seconds; no secret and no payload. */
function apiCallEvent(record: CallRecord) {
  return {
    event: 'external_api_request',
    request_id: record.requestId,
    endpoint: record.endpoint,
    method: record.method,
    status_code: record.statusCode,
    response_time: Math.round(record.durationMs) / 1000,
    retry_count: record.retryCount,
    ...(record.errorType !== null && { error_type: record.errorType, outcome: record.outcome }),
  };
}
