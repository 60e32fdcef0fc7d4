import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { budgetToWire, type BudgetView } from '../../src/contract/budget-view.ts';

/** A call budget with room. */
export const OPEN_BUDGET: BudgetView = {
  limit: 1000,
  loweredLimit: null,
  windowMs: 60_000,
  used: 412,
  nextPermitMs: 0,
  bulkNextPermitMs: 0,
  closedBy: null,
  failures: 0,
  kept: 0,
  countedIn: 'memory',
  workers: 1,
  waiting: 0,
  asOf: '2026-11-23T12:00:00.000Z',
};

export interface BudgetPage extends AsyncDisposable {
  readonly url: string;
  /** What the page says from now on. */
  view: BudgetView;
  /** How often it was read. */
  readonly reads: number;
}

/** `GET /budget` as a worker serves it, saying what the test wants. */
export async function startBudgetPage(view: BudgetView = OPEN_BUDGET): Promise<BudgetPage> {
  let reads = 0;
  const server: Server = createServer((request, response) => {
    if (request.url !== '/budget') return void response.writeHead(404).end();
    reads++;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(budgetToWire(page.view)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const page = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    view,
    get reads() {
      return reads;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return page;
}
