import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BudgetView } from '../../src/contract/budget-view.ts';
import { createBudgetMetrics } from '../../src/observability/budget-metrics.ts';
import { budgetView } from '../../src/observability/view-of-budget.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';

let page: string;
let metrics: ReturnType<typeof createBudgetMetrics>;

/** The SDK's real exporter, with the settings of the worker: it makes the names. */
beforeAll(async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const bindAddress = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
  probe.close();
  await once(probe, 'close');
  Runtime.install({
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
      metrics: { prometheus: { bindAddress, unitSuffix: true, countersTotalSuffix: true } },
    },
  });
  page = `http://${bindAddress}/metrics`;
  metrics = createBudgetMetrics(() => Runtime.instance().metricMeter);
});
afterAll(() => Runtime.instance().shutdown());

async function shown(view: BudgetView): Promise<Record<string, number>> {
  metrics.set(view);
  const lines = (await (await fetch(page)).text()).matchAll(/^external_api_budget_(\S+) (\S+)$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, Number(value)]));
}

test('[M9][M15] the state of the call budget is on the metrics page, as it is when the page is read', async () => {
  const view: BudgetView = {
    ...OPEN_BUDGET,
    used: 590,
    loweredLimit: 600,
    kept: 333,
    waiting: 2,
    nextPermitMs: 4_300,
    closedBy: 'cool_down',
    countedIn: 'redis',
    workers: 3,
  };
  expect(await shown(view)).toEqual({
    used: 590,
    limit: 600,
    kept: 333,
    waiting: 2,
    next_permit_seconds: 4.3,
    'closed_seconds{reason="budget"}': 0,
    'closed_seconds{reason="cool_down"}': 4.3,
    'closed_seconds{reason="outage"}': 0,
    shared: 1,
    workers: 3,
  });
  expect(await shown({ ...OPEN_BUDGET, countedIn: 'share' })).toEqual({
    used: 412,
    limit: 1000,
    kept: 0,
    waiting: 0,
    next_permit_seconds: 0,
    'closed_seconds{reason="budget"}': 0,
    'closed_seconds{reason="cool_down"}': 0,
    'closed_seconds{reason="outage"}': 0,
    shared: 0,
    workers: 1,
  });
});

test('[M9] what is shown is what the budget says, in whole milliseconds that are never too short', () => {
  const state = {
    limit: 1000,
    windowMs: 60_000,
    used: 1000,
    waitMs: 4_299.2,
    closedBy: 'budget',
    bulkWaitMs: 0.1,
    failures: 1,
    kept: 500,
    lowered: null,
    countedIn: 'redis',
    workers: 2,
  } as const;
  expect(budgetView(state, 5, Date.parse(OPEN_BUDGET.asOf))).toEqual({
    ...OPEN_BUDGET,
    used: 1000,
    nextPermitMs: 4_300,
    bulkNextPermitMs: 1,
    closedBy: 'budget',
    failures: 1,
    kept: 500,
    countedIn: 'redis',
    workers: 2,
    waiting: 5,
  });
});
