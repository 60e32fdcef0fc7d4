import type { LedgerEntry } from 'durable-external-api/testing';
import { quantile } from '../figures.ts';
import { worstWindow } from '../sliding-window.ts';
import type { Fleet } from './fleet.ts';

export interface Sizes {
  limit: number;
  windowMs: number;
  /** Requests of the bulk. */
  bulk: number;
  retryAfterS: number;
}

/** Fewer than are kept from bulk: then each goes out at once, however late in the window it comes. */
const URGENT = 5;
const JOB_MS = 2_000;
const LEARNING = 20;
const POLLED = 60;

type Call = Readonly<LedgerEntry>;
const isSubmit = ({ endpoint, method }: Call): boolean => endpoint === '/process' && method === 'POST';
const isRefused = ({ statusCode }: Call): boolean => statusCode === 429;
const arrivalsOf = (calls: readonly Call[]): number[] =>
  calls.map(({ arrivedAt }) => arrivedAt).toSorted((a, b) => a - b);
/** The value at `index`, NaN where there is none: a figure then says that it is unknown. */
const at = (values: readonly number[], index: number): number => values[index] ?? NaN;

/** Three windows of calls are waiting when the workers look. The ideal: each goes out one window after the call `limit` before it. */
export async function measureBacklog(fleet: Fleet, { limit, windowMs }: Sizes) {
  const requests = 3 * limit;
  await fleet.startMany(requests, (n) => ({ data: { n } }));
  await fleet.startWorkers();
  const ledger = await fleet.until((all) => all.filter((call) => isSubmit(call) && call.executed).length >= requests);
  const arrivals = arrivalsOf(ledger);
  const burst = at(arrivals, limit - 1) - at(arrivals, 0);
  const last = at(arrivals, 3 * limit - 1);
  return {
    toIdeal: (last - at(arrivals, limit - 1)) / (2 * windowMs),
    worst: worstWindow(arrivals, windowMs),
    refused: ledger.filter(isRefused).length,
    burstPerSecond: (limit - 1) / (burst / 1000),
    callsPerRequest: ledger.length / requests,
    tokenCalls: ledger.filter(({ endpoint }) => endpoint === '/oauth/token').length,
  };
}

/** Bulk has used its share; then urgent requests come, one after the other. */
export async function measureUrgent(fleet: Fleet, { limit, bulk }: Sizes) {
  await fleet.startWorkers();
  await fleet.startMany(bulk, (n) => ({ data: { bulk: n } }), { priority: 'bulk' });
  await fleet.until((all) => all.filter(isSubmit).length >= Math.floor(limit * 0.9) - 1);
  const waits: number[] = [];
  for (let n = 0; n < URGENT; n++) {
    const startedAt = Date.now();
    const { requestId } = await fleet.client.process({ data: { urgent: n } });
    const isOurs = ({ idempotencyKey }: Call): boolean => idempotencyKey === requestId;
    const ledger = await fleet.until((all) => all.some(isOurs), 50);
    waits.push(at(arrivalsOf(ledger.filter(isOurs)), 0) - startedAt);
  }
  return { p50Ms: quantile(waits, 0.5), maxMs: Math.max(...waits) };
}

/** One 429 with Retry-After, while calls go out as fast as they can. */
export async function measureRefusal(fleet: Fleet, { limit, windowMs, retryAfterS }: Sizes) {
  await fleet.startWorkers();
  const fault = { kind: 'status', code: 429, headers: { 'retry-after': `${retryAfterS}` } };
  await fleet.control('faults', [{ endpoint: '/process', fault, skip: Math.floor(limit / 5) }]);
  const requests = Math.floor(limit * 0.8);
  await fleet.startMany(requests, (n) => ({ data: { n } }));
  const ledger = await fleet.until((all) => all.filter((call) => isSubmit(call) && call.executed).length >= requests);
  const closedAt = ledger.find(isRefused)?.answeredAt ?? NaN;
  const openAt = closedAt + retryAfterS * 1000;
  const after = ledger.filter(({ arrivedAt }) => arrivedAt > closedAt && arrivedAt < openAt - 50);
  const before = ledger.filter(({ arrivedAt }) => arrivedAt > closedAt - 1000 && arrivedAt <= closedAt);
  const again = arrivalsOf(ledger).filter((time) => time >= openAt - 50);
  // Full speed: as many calls in a second as in the one before it was closed, or as the even pace after a closure allows.
  const pace = Math.min(before.length, Math.floor((limit * 1000) / windowMs));
  const full = again.findIndex((time, n) => at(again, n + pace - 1) - time <= 1000);
  return {
    after: after.length,
    onTheWire: ledger.filter(({ arrivedAt, answeredAt }) => arrivedAt <= closedAt && (answeredAt ?? 0) > closedAt)
      .length,
    fullSpeedS: (at(again, full) - openAt) / 1000,
  };
}

/** Asynchronous requests without a callback, after some from which the workers learn how long they take. */
export async function measurePolling(fleet: Fleet) {
  await fleet.control('settings', { jobDurationMs: JOB_MS, callbackCount: 0 });
  await fleet.startWorkers();
  const input = (n: number) => ({ data: { polled: n }, options: { async: true } });
  const learning = await fleet.startMany(LEARNING, input);
  await Promise.all(learning.map((handle) => handle.result()));
  const before = (await fleet.ledger()).length;
  const handles = await fleet.startMany(POLLED, (n) => input(LEARNING + n));
  await Promise.all(handles.map((handle) => handle.result()));
  const calls = (await fleet.ledger()).slice(before);
  const lags = handles.map(({ requestId }) => {
    const own = calls.filter(({ idempotencyKey }) => idempotencyKey === requestId);
    return (own.at(-1)?.answeredAt ?? NaN) - (own[0]?.arrivedAt ?? NaN) - JOB_MS;
  });
  return { callsPerRequest: calls.length / POLLED, lagP50Ms: quantile(lags, 0.5), lagP99Ms: quantile(lags, 0.99) };
}
