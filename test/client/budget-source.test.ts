import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { budgetFrom, readBudget, sharedBudget } from '../../src/client/budget-source.ts';
import { budgetToWire, closureOf, type BudgetView } from '../../src/contract/budget-view.ts';
import { OPEN_BUDGET, startBudgetPage } from '../helpers/budget-page.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const LONG = 60_000;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const CLOSED: BudgetView = {
  ...OPEN_BUDGET,
  loweredLimit: 600,
  nextPermitMs: 4_300,
  bulkNextPermitMs: 9_000,
  closedBy: 'outage',
  failures: 14,
  countedIn: 'redis',
  workers: 3,
  waiting: 2,
};

test.each([OPEN_BUDGET, CLOSED])(
  '[M9][N6] the budget is read as a worker shows it: closed by $closedBy',
  async (view) => {
    await using page = await startBudgetPage(view);
    expect(await readBudget(page.url)).toEqual(view);
    expect(await budgetFrom(new URL(page.url))()).toEqual(view);
    expect(budgetFrom(`${page.url}/`).address).toBe(page.url);
  },
);

test('[M9] on the wire the budget has snake_case names, and says until when it is closed', () => {
  expect(budgetToWire(CLOSED)).toEqual({
    limit: 1000,
    lowered_limit: 600,
    window_ms: 60_000,
    used: 412,
    next_permit_in_ms: 4_300,
    bulk_next_permit_in_ms: 9_000,
    closed_by: 'outage',
    closed_until: '2026-11-23T12:00:04.300Z',
    failures_in_a_row: 14,
    kept: 0,
    counted_in: 'redis',
    workers: 3,
    waiting: 2,
    as_of: '2026-11-23T12:00:00.000Z',
  });
  expect(budgetToWire(OPEN_BUDGET)).toMatchObject({ closed_by: null, closed_until: null });
});

test('[M9] a bulk submit may have to wait while other calls go out', () => {
  const view = { ...OPEN_BUDGET, bulkNextPermitMs: 1_500 };
  expect(closureOf(view, 'other')).toBeNull();
  expect(closureOf(view, 'bulk')).toEqual({ by: 'budget', until: '2026-11-23T12:00:01.500Z' });
});

test.each<[string, RequestListener, RegExp]>([
  ['answers 503', (_, res) => void res.writeHead(503).end(), /\/budget answers 503$/],
  ['is no JSON', (_, res) => void res.end('<html>'), /answers something else than JSON$/],
  ['is another JSON', (_, res) => void res.end('{"limit":1000}'), /answers something else than a call budget$/],
  ['redirects', (_, res) => void res.writeHead(302, { location: '/other' }).end(), /\/budget answers 302$/],
  ['does not answer', () => {}, /\/budget listens and does not answer within 2000 ms$/],
])('[N6] a page that %s is told as that', async (_title, listener, message) => {
  await expect(readBudget(await serve(listener))).rejects.toThrow(message);
});

test('[N6] where nobody listens is told, with the address', async () => {
  // Port 1 is tcpmux: nobody listens there.
  await expect(readBudget('http://127.0.0.1:1/')).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1\/budget does not answer \(\w/,
  );
});

test('[N6] many readers share one answer, which is read anew after a moment', async () => {
  await using page = await startBudgetPage();
  const budget = sharedBudget(budgetFrom(page.url));
  const answers = await Promise.all(Array.from({ length: 50 }, () => budget(LONG)));
  await budget(LONG);
  expect(new Set(answers).size).toBe(1);
  expect(page.reads).toBe(1);
  page.view = CLOSED;
  await waitUntil('it is read anew', async () => (await budget(LONG)).view?.closedBy === 'outage');
  expect(page.reads).toBe(2);
});

test.each<[string, () => Promise<BudgetView | null>]>([
  ['fails', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
  ['knows none', () => Promise.resolve(null)],
])('[N6] of a source that %s it is told that it does not say it', async (_title, source) => {
  expect(await sharedBudget(source)(LONG)).toEqual({ view: null, problem: 'does not say it' });
});

test('[N6] each reader waits for as long as it can: a slow worker answers one that has the time', async () => {
  let answer = (): void => {};
  let isAsked = false;
  const listener: RequestListener = (_, res) => {
    answer = () => void res.end(JSON.stringify(budgetToWire(OPEN_BUDGET)));
    isAsked = true;
  };
  const budget = sharedBudget(budgetFrom(await serve(listener)));
  const patient = budget(LONG);
  expect(await budget(50)).toEqual({ view: null, problem: 'listens and does not answer within 50 ms' });
  await waitUntil('the worker was asked', () => isAsked);
  answer();
  expect(await patient).toEqual({ view: OPEN_BUDGET, problem: null });
});

test('[N6] a source that never answers is waited for in bounded time', async () => {
  const before = performance.now();
  const { view } = await sharedBudget(() => new Promise<never>(() => {}))(LONG);
  expect(view).toBeNull();
  // Its bound is 2 s; the machine may be busy.
  expect(performance.now() - before).toBeLessThan(15_000);
});

test('[N6] a worker that answers without an end is not read to the end', async () => {
  const listener: RequestListener = (_, res) => {
    const more = (): void => void res.write('x'.repeat(65_536), more);
    more();
  };
  await expect(readBudget(await serve(listener))).rejects.toThrow(/answers without an end$/);
});
