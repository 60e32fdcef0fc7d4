import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Node.js sees twice that nothing was taken before it says so: a caller has 30 s. */
export const TAKE_MS = 15_000;

/**
 * Ends connections whose callers take nothing of their answers: each holds what waits for it in memory. A caller that is
 * slow and takes something is served.
 */
export function cutSlowReaders(app: FastifyInstance, takeMs: number): void {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    const { remoteAddress } = socket;
    // Node.js ends it then, whatever its time was for; this is only to tell.
    socket.on('timeout', () => {
      if (socket.timeout !== takeMs) return;
      app.log.warn({ event: 'caller_cut', remote_address: remoteAddress }, 'a caller does not take its answer');
    });
  });
  // Only while something waits for the caller, so that who waits for us is left alone, and the time that Node.js has for idle
  // connections stays as it is.
  const look = (): void => {
    for (const socket of sockets) {
      const isTimed = socket.timeout === takeMs;
      if (socket.writableLength > 0 && !isTimed) socket.setTimeout(takeMs);
      else if (socket.writableLength === 0 && isTimed) socket.setTimeout(0);
    }
  };
  const timer = setInterval(look, Math.min(1_000, takeMs / 2)).unref();
  app.addHook('onClose', async () => clearInterval(timer));
}
