import type { LedgerEntry } from '../../src/fake-provider/index.ts';
import { check } from '../../lab/checker.ts';
import type { AcceptedRequest, Evidence, HistoryFacts, Reading } from '../../lab/evidence.ts';
import type { DeliveryEvidence } from '../../lab/receiver-kinds.ts';

export const KEY: AcceptedRequest = {
  requestId: 'req_key',
  mode: 'key',
  fate: 'plain',
  sha256: 'aaaa',
  callback: null,
};
export const NONE: AcceptedRequest = {
  requestId: 'req_none',
  mode: 'none',
  fate: 'plain',
  sha256: 'bbbb',
  callback: null,
};

export const NO_DELIVERIES: DeliveryEvidence = {
  received: [],
  forbidden: { connections: 0, tried: 0 },
  disturbedAt: [],
};

let seq = 0;

/** A submit that was executed and answered, but for what is said. */
export function submit(of: AcceptedRequest, entry: Partial<LedgerEntry> = {}): LedgerEntry {
  seq += 1;
  return {
    seq,
    endpoint: '/process',
    method: 'POST',
    arrivedAt: seq * 10_000,
    idempotencyKey: of.requestId,
    bodySha256: of.sha256,
    providerRequestId: `provider_${seq}`,
    executed: true,
    answeredAt: seq * 10_000 + 5,
    statusCode: 200,
    fault: null,
    ...entry,
  };
}

export const lost = { answeredAt: null, statusCode: null } as const;
export const refused = { executed: false, statusCode: 429, fault: 'status' } as const;

export function completed(of: AcceptedRequest, facts: Partial<HistoryFacts> = {}): HistoryFacts {
  return {
    end: 'completed',
    status: 'completed',
    cancellation: null,
    errorType: null,
    retryable: false,
    cancelRequested: false,
    resultSha256: of.sha256,
    providerRequestId: null,
    unknownOutcomes: 0,
    decisions: [],
    lookups: [],
    ...facts,
  };
}

export function cancelled(cancellation: HistoryFacts['cancellation'], facts: Partial<HistoryFacts> = {}): HistoryFacts {
  const end = {
    end: 'cancelled',
    status: 'cancelled',
    cancellation,
    cancelRequested: true,
    resultSha256: null,
  } as const;
  return completed(KEY, { ...end, ...facts });
}

/** Ended by an error: `retryable` unless said otherwise. */
export function failed(status: 'failed' | 'timed_out', facts: Partial<HistoryFacts> = {}): HistoryFacts {
  const error = { errorType: 'ExternalAPIError', retryable: true, resultSha256: null };
  return completed(KEY, { end: 'failed', status, ...error, ...facts });
}

/** A run of one request in each mode, `changes` apart. */
export function run({
  ledger = [submit(KEY), submit(NONE)],
  key = completed(KEY),
  none = completed(NONE),
  ...changes
}: Partial<Evidence> & { key?: HistoryFacts | null; none?: HistoryFacts } = {}) {
  const histories = new Map([[NONE.requestId, none]]);
  if (key) histories.set(KEY.requestId, key);
  const starts = [KEY, NONE].map(({ requestId }) => ({ key: `start-${requestId}`, requestId }));
  return check({
    ledger,
    accepted: [KEY, NONE],
    starts,
    histories,
    readings: [],
    callbacks: [],
    deliveries: NO_DELIVERIES,
    budget: null,
    ...changes,
  });
}

export const decided = (decision: string, at = 0) => ({ decision, at });
export const seen = (statuses: Reading['status'][]) => statuses.map((status, n) => ({ status, at: n, stale: false }));
export const reading = (...statuses: Reading['status'][]) => [{ requestId: KEY.requestId, seen: seen(statuses) }];
