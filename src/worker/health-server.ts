import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServerOptions {
  host: string;
  port: number;
  /** False while the worker starts or drains. */
  isReady: () => boolean;
  /** The metrics page, in Prometheus' text format. */
  metrics: () => Promise<string>;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/** `/healthz` (the process lives), `/readyz` (it takes work) and `/metrics`, on one port. */
export async function startHealthServer({ host, port, isReady, metrics }: HealthServerOptions): Promise<HealthServer> {
  const pages: Record<string, (response: ServerResponse) => void | Promise<void>> = {
    '/healthz': (response) => send(response, 200, 'ok\n'),
    '/readyz': (response) => (isReady() ? send(response, 200, 'ready\n') : send(response, 503, 'not ready\n')),
    '/metrics': async (response) => send(response, 200, await metrics(), 'text/plain; version=0.0.4; charset=utf-8'),
  };
  const server = createServer((request, response) => {
    const page = pages[request.url?.split('?', 1)[0] ?? ''];
    if (!page || request.method !== 'GET')
      return send(response, 404, 'There are /healthz, /readyz and /metrics here.\n');
    Promise.resolve(page(response)).catch(() => send(response, 503, 'The metrics are not there yet.\n'));
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
