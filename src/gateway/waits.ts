import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/**
 * The open waits for results. Each ends early when its caller hangs up, and all of them when the gateway drains:
 * the caller then gets the 202 that it would have got later.
 */
export class Waits {
  readonly #open = new Set<AbortController>();

  /** Runs `wait` with a signal that ends it early. */
  async during<T>(reply: FastifyReply, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using open = this.open(reply);
    return await wait(open.signal);
  }

  /** One that goes on until it is disposed of; its signal ends it early. */
  open(reply: FastifyReply): Disposable & { readonly signal: AbortSignal } {
    const controller = new AbortController();
    const hungUp = () => controller.abort();
    reply.raw.once('close', hungUp);
    const stopAsking = askWhetherThere(reply.raw);
    if (reply.raw.closed) hungUp();
    this.#open.add(controller);
    return {
      signal: controller.signal,
      [Symbol.dispose]: () => {
        this.#open.delete(controller);
        reply.raw.off('close', hungUp);
        stopAsking();
      },
    };
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  endAll(): void {
    for (const controller of this.#open) controller.abort();
  }
}

const ASK_EVERY_MS = 1_000;

/**
 * A caller that has closed its half of the connection may still read, or be gone: it tells by what it does with the next
 * bytes. Every client of HTTP/1.1 takes interim answers (RFC 9110, section 15.2). Returns what ends it.
 */
function askWhetherThere(response: ServerResponse): () => void {
  const { socket, req } = response;
  let timer: NodeJS.Timeout | undefined;
  const ask = () => void (response.headersSent || response.writeContinue());
  const begin = () => {
    ask();
    timer = setInterval(ask, ASK_EVERY_MS);
  };
  if (socket === null || req.httpVersion !== '1.1') return () => {};
  if (socket.readableEnded) begin();
  else socket.once('end', begin);
  return () => {
    socket.off('end', begin);
    clearInterval(timer);
  };
}
