import type { SuspicionName } from '../contract/suspicions.ts';
import type { CallRecord, ProviderObserver } from '../provider/observer.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { suspicionEvent, suspicionText, type SuspicionWatch } from './suspicion-watch.ts';

/** Kinds with a series of their own; callers name the kinds, and the rest share one. */
const MAX_KIND_SERIES = 20;

/**
 * The one place where a call to the provider becomes a log line and metrics.
 *
 * @param words in lower case: the status words of the provider with a series of their own; the rest share one
 */
export function observeProvider(logger: Logger, metrics: Metrics, words: ReadonlySet<string>, watch: SuspicionWatch) {
  const kindSeries = new Set<string>();

  function seriesOf(kind: string): string {
    if (kindSeries.size < MAX_KIND_SERIES) kindSeries.add(kind);
    return kindSeries.has(kind) ? kind : 'other';
  }

  function suspect(rule: SuspicionName, subject: string, isBad: boolean): void {
    const suspicion = watch.seen(rule, subject, Date.now(), isBad);
    if (suspicion === null) return;
    metrics.suspicions.add(1, { rule });
    logger.warn(suspicionEvent(suspicion), suspicionText(suspicion));
  }

  const observer = {
    called(record: CallRecord): void {
      const { operation, callClass, outcome, statusCode, errorType, word } = record;
      logger[errorType === null ? 'info' : 'warn'](apiCallEvent(record));
      metrics.calls.add(1, { operation, outcome, class: callClass });
      metrics.callDuration.record(record.durationMs / 1000, { operation });
      if (errorType !== null) metrics.errors.add(1, { type: errorType });
      if (word !== null)
        metrics.statusWords.add(1, { word: words.has(word.toLowerCase()) ? word.toLowerCase() : 'other' });
      if (record.failure === 'unreadableReply') suspect('unreadable_reply', operation, true);
      suspect('failing_calls', operation, outcome !== 'succeeded');
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
    /** Times in milliseconds; null: not known. */
    finishedSeen(finished: {
      requestId: string;
      kind: string;
      polls: number;
      lagMs: number | null;
      usualLengthMs: number | null;
    }): void {
      const { requestId, kind, polls, lagMs, usualLengthMs } = finished;
      const lag = lagMs === null ? null : lagMs / 1000;
      logger.debug({ event: 'external_api_finished_seen', request_id: requestId, kind, polls, lag });
      if (lag !== null) metrics.detectionLag.record(lag);
      if (usualLengthMs !== null) metrics.learnedJobTime.set(usualLengthMs / 1000, { kind: seriesOf(kind) });
    },
  };
  return observer satisfies ProviderObserver;
}

/** The log event of one call. `response_time` in seconds; no secret and no payload. */
function apiCallEvent(record: CallRecord) {
  return {
    event: 'external_api_request',
    request_id: record.requestId,
    endpoint: record.template,
    method: record.method,
    status_code: record.statusCode,
    response_time: Math.round(record.durationMs) / 1000,
    retry_count: record.retryCount,
    ...(record.word !== null && { provider_status: record.word }),
    ...(record.errorType !== null && { error_type: record.errorType, outcome: record.outcome }),
    ...(record.reason !== null && { reason: record.reason }),
  };
}
