import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { HttpError } from './http-error.ts';
import { type WaitBounds, Waits } from './waits.ts';

/**
 * From `close()` on: open waits end, new requests on connections that are still open are refused, and every answer
 * closes its connection, so that an idle one does not hold the process up.
 */
export function drainOnClose(app: FastifyInstance, mostOfTenant?: WaitBounds): Waits {
  const waits = new Waits(mostOfTenant);
  const silent = new Set<Socket>();
  let closing = false;
  app.server.on('connection', (socket) => {
    silent.add(socket.once('close', () => silent.delete(socket)));
  });
  app.server.on('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', async () => {
    closing = true;
    waits.endAll();
    // Node.js takes one that has never asked for anything for a busy one.
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
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
