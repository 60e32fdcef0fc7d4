import { worstWindow } from '../../../helpers/sliding-window.mjs';
import { startFleet } from '../budget/fleet.mjs';
import { figureOf, judge, quantile } from '../figures.mjs';

const WHOLE = { limit: 1000, windowMs: 60_000, bulk: 1500, retryAfterS: 15 };
const QUICK = { limit: 100, windowMs: 5_000, bulk: 150, retryAfterS: 3 };
/** Fewer than are kept from bulk: then each goes out at once, however late in the window it comes. */
const URGENT = 5;

/** A fleet of two workers before a provider that counts: a backlog, urgent requests behind bulk, and a 429. */
export async function budget({ stack, quick, progress }) {
  const sizes = quick ? QUICK : WHOLE;
  const temporalAddress = (await stack.temporal()).address;
  const options = { folder: stack.folder, temporalAddress, ...sizes };
  const parts = {
    backlog: await progress.step('A backlog of three windows', () => inFleet(options, measureBacklog)),
    urgent: await progress.step('Urgent requests behind bulk', () => inFleet(options, measureUrgent)),
    refusal: await progress.step('A 429 in the middle', () => inFleet(options, measureRefusal)),
    polling: await progress.step('Jobs of 2 s, polled', () => inFleet(options, measurePolling)),
  };
  const { backlog, urgent, refusal, polling } = parts;
  return {
    title: `The call budget: ${sizes.limit} calls in ${sizes.windowMs / 1000} s, two workers, Redis`,
    columns: { what: '', value: 'measured' },
    rows: [
      { what: 'backlog: calls after the first burst, to the ideal', value: one(backlog.toIdeal) },
      { what: 'backlog: most calls in any window', value: backlog.worst },
      { what: 'backlog: answers 429', value: backlog.refused },
      { what: 'backlog: calls/s in the first burst', value: one(backlog.burstPerSecond) },
      { what: 'backlog: calls per request', value: one(backlog.callsPerRequest) },
      { what: 'backlog: token calls', value: backlog.tokenCalls },
      { what: 'urgent behind bulk: start to arrival, ms (p50)', value: one(urgent.p50Ms) },
      { what: 'urgent behind bulk: start to arrival, ms (max)', value: one(urgent.maxMs) },
      { what: 'after a 429: calls that still arrived', value: refusal.after },
      { what: 'after a 429: calls on the wire then', value: refusal.onTheWire },
      { what: 'polled: calls per request, once the time of jobs is known', value: one(polling.callsPerRequest) },
      { what: 'polled: detection lag, ms (p50)', value: one(polling.lagP50Ms) },
      { what: 'polled: detection lag, ms (p99)', value: one(polling.lagP99Ms) },
      { what: 'after re-opening: s to full speed', value: one(refusal.fullSpeedS) },
    ],
    parts,
    aims: [
      judge({
        what: 'backlog, to the ideal',
        relation: 'at most',
        bound: 1.02,
        unit: '×',
        figure: one(backlog.toIdeal),
      }),
      judge({
        what: 'most calls in any window, over the limit',
        relation: 'at most',
        bound: 0,
        unit: '',
        figure: one(Math.max(0, backlog.worst - sizes.limit)),
      }),
      judge({
        what: 'answers 429 in the backlog',
        relation: 'at most',
        bound: 0,
        unit: '',
        figure: one(backlog.refused),
      }),
      judge({
        what: 'urgent behind bulk, the latest arrival',
        relation: 'at most',
        bound: 2000,
        unit: ' ms',
        figure: one(urgent.maxMs),
      }),
      judge({
        what: 'calls per polled request',
        relation: 'at most',
        bound: 3,
        unit: '',
        figure: one(polling.callsPerRequest),
      }),
      judge({
        what: 'full speed after a 429',
        relation: 'at most',
        bound: 2,
        unit: ' s',
        figure: one(refusal.fullSpeedS),
      }),
    ],
  };
}

const isSubmit = ({ endpoint, method }) => endpoint === '/process' && method === 'POST';
const isRefused = ({ statusCode }) => statusCode === 429;

async function inFleet(options, measure) {
  const fleet = await startFleet(options);
  try {
    return await measure(fleet, options);
  } finally {
    await fleet.stop();
  }
}

/** Three windows of calls are waiting when the workers look. The ideal: each goes out one window after the call `limit` before it. */
async function measureBacklog(fleet, { limit, windowMs }) {
  const requests = 3 * limit;
  await fleet.startMany(requests, (n) => ({ data: { n } }));
  await fleet.startWorkers();
  const ledger = await fleet.until((all) => all.filter((call) => isSubmit(call) && call.executed).length >= requests);
  const arrivals = ledger.map(({ arrivedAt }) => arrivedAt).toSorted((a, b) => a - b);
  const burst = arrivals[limit - 1] - arrivals[0];
  const last = arrivals[3 * limit - 1];
  return {
    toIdeal: (last - arrivals[limit - 1]) / (2 * windowMs),
    worst: worstWindow(arrivals, windowMs),
    refused: ledger.filter(isRefused).length,
    burstPerSecond: (limit - 1) / (burst / 1000),
    callsPerRequest: ledger.length / requests,
    tokenCalls: ledger.filter(({ endpoint }) => endpoint === '/oauth/token').length,
  };
}

/** Bulk has used its share; then urgent requests come, one after the other. */
async function measureUrgent(fleet, { limit, bulk }) {
  await fleet.startWorkers();
  await fleet.startMany(bulk, (n) => ({ data: { bulk: n } }), { priority: 'bulk' });
  await fleet.until((all) => all.filter(isSubmit).length >= Math.floor(limit * 0.9) - 1);
  const waits = [];
  for (let n = 0; n < URGENT; n++) {
    const startedAt = Date.now();
    const { requestId } = await fleet.client.process({ data: { urgent: n } });
    const ledger = await fleet.until((all) => all.some(({ idempotencyKey }) => idempotencyKey === requestId), 50);
    waits.push(ledger.find(({ idempotencyKey }) => idempotencyKey === requestId).arrivedAt - startedAt);
  }
  return { p50Ms: quantile(waits, 0.5), maxMs: Math.max(...waits) };
}

/** One 429 with Retry-After, while calls go out as fast as they can. */
async function measureRefusal(fleet, { limit, retryAfterS }) {
  await fleet.startWorkers();
  const fault = { kind: 'status', code: 429, headers: { 'retry-after': `${retryAfterS}` } };
  await fleet.control('faults', [{ endpoint: '/process', fault, skip: Math.floor(limit / 5) }]);
  const requests = Math.floor(limit * 0.8);
  await fleet.startMany(requests, (n) => ({ data: { n } }));
  const ledger = await fleet.until((all) => all.filter((call) => isSubmit(call) && call.executed).length >= requests);
  const closedAt = ledger.find(isRefused).answeredAt;
  const openAt = closedAt + retryAfterS * 1000;
  const after = ledger.filter(({ arrivedAt }) => arrivedAt > closedAt && arrivedAt < openAt - 50);
  const before = ledger.filter(({ arrivedAt }) => arrivedAt > closedAt - 1000 && arrivedAt <= closedAt);
  const again = ledger
    .map(({ arrivedAt }) => arrivedAt)
    .filter((at) => at >= openAt - 50)
    .toSorted((a, b) => a - b);
  // Full speed: as many calls in a second as in the one before it was closed.
  const full = again.findIndex((at, n) => again[n + before.length - 1] - at <= 1000);
  return {
    after: after.length,
    onTheWire: ledger.filter(({ arrivedAt, answeredAt }) => arrivedAt <= closedAt && answeredAt > closedAt).length,
    fullSpeedS: full === -1 ? Number.NaN : (again[full] - openAt) / 1000,
  };
}

const JOB_MS = 2_000;
const LEARNING = 20;
const POLLED = 60;

/** Asynchronous requests without a callback, after some from which the workers learn how long they take. */
async function measurePolling(fleet) {
  await fleet.control('settings', { jobDurationMs: JOB_MS, callbackCount: 0 });
  await fleet.startWorkers();
  const input = (n) => ({ data: { polled: n }, options: { async: true } });
  const learning = await fleet.startMany(LEARNING, input);
  await Promise.all(learning.map((handle) => handle.result()));
  const before = (await fleet.ledger()).length;
  const handles = await fleet.startMany(POLLED, (n) => input(LEARNING + n));
  await Promise.all(handles.map((handle) => handle.result()));
  const calls = (await fleet.ledger()).slice(before);
  const lags = handles.map(({ requestId }) => {
    const own = calls.filter(({ idempotencyKey }) => idempotencyKey === requestId);
    return own.at(-1).answeredAt - own[0].arrivedAt - JOB_MS;
  });
  return { callsPerRequest: calls.length / POLLED, lagP50Ms: quantile(lags, 0.5), lagP99Ms: quantile(lags, 0.99) };
}

function one(value) {
  return figureOf([value]);
}
