import type { FastifyInstance } from 'fastify';
import { HttpError } from './http-error.ts';
import { Waits } from './waits.ts';

/**
 * From `close()` on: open waits end, new requests on connections that are still open are refused, and every answer
 * closes its connection, so that an idle one does not hold the process up.
 */
export function drainOnClose(app: FastifyInstance): Waits {
  const waits = new Waits();
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    waits.endAll();
  });
  app.addHook('onRequest', async (request) => {
    if (!closing || request.routeOptions.url === '/healthz') return;
    throw new HttpError(503, 'DrainingError', 'This gateway is stopping. Repeat the request.', { 'retry-after': '1' });
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  return waits;
}
