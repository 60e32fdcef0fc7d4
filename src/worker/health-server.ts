import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { budgetToWire, type BudgetView } from '../contract/budget-view.ts';

export interface HealthServerOptions {
  host: string;
  port: number;
  /** Null: it takes work. */
  whyNotReady: () => string | null;
  /** The metrics page, in Prometheus' text format. */
  metrics: () => Promise<string>;
  /** Absent: nothing of this process is counted. */
  budget?: () => Promise<BudgetView>;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/** `/healthz` (the process lives), `/readyz` (it takes work), `/metrics` and `/budget` (JSON), on one port. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, whyNotReady, metrics, budget } = options;
  const pages: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/healthz': (response) => send(response, 200, 'ok\n'),
    '/readyz': (response) => {
      const why = whyNotReady();
      return why === null ? send(response, 200, 'ready\n') : send(response, 503, `not ready: ${why}\n`);
    },
    '/metrics': async (response) => send(response, 200, await metrics(), 'text/plain; version=0.0.4; charset=utf-8'),
    ...(budget && {
      '/budget': async (response: ServerResponse) =>
        send(response, 200, `${JSON.stringify(budgetToWire(await budget()))}\n`, 'application/json'),
    }),
  };
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const page = pages[path];
    if (!page || request.method !== 'GET')
      return send(response, 404, `There are ${Object.keys(pages).join(', ')} here.\n`);
    Promise.resolve(page(response)).catch(() => send(response, 503, `${path} cannot be read at the moment.\n`));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' ? new Error(`METRICS_PORT ${port} on ${host} is taken. Choose another.`) : error,
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
