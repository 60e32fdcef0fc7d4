import type { FastifyReply } from 'fastify';

/**
 * The open waits for results. Each ends early when its caller hangs up, and all of them when the gateway drains:
 * the caller then gets the 202 that it would have got later.
 */
export class Waits {
  readonly #open = new Set<AbortController>();

  /** Runs `wait` with a signal that ends it early. */
  async during<T>(reply: FastifyReply, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const hungUp = () => controller.abort();
    reply.raw.once('close', hungUp);
    this.#open.add(controller);
    try {
      return await wait(controller.signal);
    } finally {
      this.#open.delete(controller);
      reply.raw.off('close', hungUp);
    }
  }

  endAll(): void {
    for (const controller of this.#open) controller.abort();
  }
}
