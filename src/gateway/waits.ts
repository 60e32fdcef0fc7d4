import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.ts';

/** What is waited for, and how many of one tenant may wait for it here at once. Each result costs a long poll of Temporal. */
const MOST_OF_TENANT = { result: 500, change: 1_000 };
type WaitFor = keyof typeof MOST_OF_TENANT;
export type WaitBounds = Readonly<Record<WaitFor, number>>;

const RETRY_AFTER_S = 5;

/**
 * The open waits for results. Each ends early when its caller hangs up, and all of them when the gateway drains:
 * the caller then gets the 202 that it would have got later.
 */
export class Waits {
  readonly #open = new Set<AbortController>();
  readonly #byTenant = new Map<string, number>();
  readonly #most: WaitBounds;

  constructor(mostOfTenant: WaitBounds = MOST_OF_TENANT) {
    this.#most = mostOfTenant;
  }

  /** Whether a tenant may wait for one more. */
  hasRoom({ tenant }: Pick<FastifyRequest, 'tenant'>, what: WaitFor): boolean {
    return (this.#byTenant.get(`${what} ${tenant}`) ?? 0) < this.#most[what];
  }

  /** @throws HttpError */
  refuseWithoutRoom(request: Pick<FastifyRequest, 'tenant'>, what: WaitFor): void {
    if (this.hasRoom(request, what)) return;
    const detail = `${this.#most[what]} callers of this tenant wait here already. Read the request without waiting, or repeat this later.`;
    throw new HttpError(429, 'TooManyWaitsError', detail, { 'retry-after': String(RETRY_AFTER_S) });
  }

  /** Runs `wait` with a signal that ends it early. */
  async during<T>(reply: FastifyReply, what: WaitFor, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using open = this.open(reply, what);
    return await wait(open.signal);
  }

  /** One that goes on until it is disposed of; its signal ends it early. */
  open(reply: FastifyReply, what: WaitFor): Disposable & { readonly signal: AbortSignal } {
    const controller = new AbortController();
    const of = `${what} ${reply.request.tenant}`;
    const hungUp = () => controller.abort();
    reply.raw.once('close', hungUp);
    const stopAsking = askWhetherThere(reply.raw);
    if (reply.raw.closed) hungUp();
    this.#open.add(controller);
    this.#count(of, 1);
    return {
      signal: controller.signal,
      [Symbol.dispose]: () => {
        this.#open.delete(controller);
        this.#count(of, -1);
        reply.raw.off('close', hungUp);
        stopAsking();
      },
    };
  }

  #count(of: string, change: 1 | -1): void {
    const count = (this.#byTenant.get(of) ?? 0) + change;
    if (count === 0) this.#byTenant.delete(of);
    else this.#byTenant.set(of, count);
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
