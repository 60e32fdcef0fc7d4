import { noopMetricMeter } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { observeFleet } from '../../src/observability/fleet-events.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { USUAL_SUSPICIONS } from '../../src/contract/suspicions.ts';
import { SuspicionWatch } from '../../src/observability/suspicion-watch.ts';
import { observeProvider } from '../../src/observability/provider-events.ts';
import { tellReadiness } from '../../src/observability/readiness-events.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import { unknownIn } from '../helpers/event-line.ts';

const lines: Record<string, unknown>[] = [];
const logger = createLogger(
  { level: 'trace', name: 'worker' },
  { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
);
const told = (): unknown[] => lines.map(({ level, event }) => `${String(level)} ${String(event)}`);

beforeEach(() => {
  lines.length = 0;
});

test('[M14][M22] what a worker tells of its fleet and its calls is as the table of events has it', () => {
  const metrics = createMetrics(() => noopMetricMeter);
  const fleet = observeFleet(logger, metrics);
  fleet.shared(true, null, 2);
  fleet.shared(false, 'READONLY', 2);
  fleet.tooManyWorkers(3, 2);
  fleet.tokenSharing(null);
  fleet.tokenSharing('not_ours');
  fleet.answersUnavailable('ECONNREFUSED');
  fleet.redisError(new Error('ECONNREFUSED'));
  const provider = observeProvider(logger, metrics, new Set(['rendering']), new SuspicionWatch(USUAL_SUSPICIONS));
  const call: CallRecord = {
    requestId: 'req_1',
    operation: 'submit',
    callClass: 'interactive',
    method: 'POST',
    template: '/process',
    statusCode: 200,
    durationMs: 12,
    retryCount: 0,
    outcome: 'succeeded',
    failure: null,
    errorType: null,
    word: 'rendering',
    reason: null,
  };
  provider.called(call);
  provider.called({ ...call, statusCode: 500, outcome: 'ambiguous', errorType: 'ExternalAPIError' });
  const unanswered = { statusCode: null, errorType: 'ExternalAPIError', reason: 'ECONNREFUSED' } as const;
  provider.called({ ...call, ...unanswered, outcome: 'never-sent', failure: 'unreachable' });
  provider.tokenRefreshed(1);
  provider.unknownStatus('odd', 'req_1', true);
  provider.finishedSeen({ requestId: 'req_1', kind: 'report', polls: 1, lagMs: 250, usualLengthMs: null });
  expect(told()).toEqual([
    'info external_api_budget_shared',
    'warn external_api_budget_shared',
    'error external_api_fleet_too_large',
    'info external_api_token_sharing',
    'warn external_api_token_sharing',
    'warn external_api_answers_unavailable',
    'debug external_api_redis_error',
    'info external_api_request',
    'warn external_api_request',
    'warn external_api_request',
    'debug external_api_token_refreshed',
    'warn external_api_unknown_status',
    'debug external_api_finished_seen',
  ]);
  expect(lines.map(unknownIn)).toEqual(lines.map(() => null));
});

describe('whether a worker takes work', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('[M14] is told once for each change, and not before it took any', () => {
    let unready: string | null = 'it starts';
    const readiness = tellReadiness(logger, () => unready);
    const become = (next: string | null): void => {
      unready = next;
      vi.advanceTimersByTime(5_000);
    };
    become(unready);
    expect(told()).toEqual([]);
    become(null);
    become('no Temporal');
    become('no Redis');
    become(null);
    unready = 'it ends';
    readiness.end();
    become(null);
    expect(lines.map(({ event, reason }) => ({ event, reason }))).toEqual([
      { event: 'worker_ready', reason: undefined },
      { event: 'worker_unready', reason: 'no Temporal' },
      { event: 'worker_ready', reason: undefined },
      { event: 'worker_unready', reason: 'it ends' },
    ]);
    expect(lines.map(unknownIn)).toEqual(lines.map(() => null));
  });
});
