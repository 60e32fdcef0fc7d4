import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { TemporalUnavailableError } from '../../client/client-errors.ts';
import type { GatewayClient, StartedRequest } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import { OpenRequests } from './open-requests.ts';
import { addQuota } from './quota-fields.ts';

/** By then somebody has counted again. */
const RETRY_AFTER_S = 2;
/** After a failure the server is left alone for so long. */
const ASIDE_MS = 1_000;
/** A token may name any tenant: beyond so many, those of whom nothing is known are forgotten. */
const MANY_TENANTS = 1_000;

/** Refuses to start requests of a tenant that has so many open, whoever started them. */
export class InFlight {
  readonly #client: Pick<GatewayClient, 'countOpen'>;
  readonly #most: number;
  readonly #logger: FastifyBaseLogger;
  readonly #tenants = new Map<string, OpenRequests>();
  /** All who wait for a count of one tenant share it. */
  readonly #counts = new Map<string, Promise<void>>();
  #failedAt: number | null = null;

  constructor(client: Pick<GatewayClient, 'countOpen'>, most: number, logger: FastifyBaseLogger) {
    this.#client = client;
    this.#most = most;
    this.#logger = logger;
  }

  /** @throws HttpError, and what `start` throws */
  async start(request: FastifyRequest, start: () => Promise<StartedRequest>): Promise<StartedRequest> {
    const { tenant } = request;
    const requests = this.#requestsOf(tenant);
    let verdict = requests.verdict(performance.now());
    if (verdict === 'unsure') {
      await this.#count(tenant, requests);
      verdict = requests.lastWord(performance.now());
    }
    const { open } = requests;
    const left = Math.max(0, this.#most - open - (verdict === 'in' ? 1 : 0));
    addQuota(request, { name: 'in-flight', most: this.#most, left, window: null });
    if (verdict === 'full') throw tooManyRequests(open, this.#most);
    requests.begin();
    try {
      const started = await start();
      requests.start(started.requestId, performance.now());
      return started;
    } catch (error) {
      const id = error instanceof TemporalUnavailableError ? error.requestId : null;
      if (id === null) requests.fail();
      else requests.start(id, performance.now());
      throw error;
    }
  }

  /** One that was started here has ended. */
  ended(tenant: string, requestId: string): void {
    this.#tenants.get(tenant)?.end(requestId, performance.now());
  }

  #requestsOf(tenant: string): OpenRequests {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const now = performance.now();
    if (this.#tenants.size >= MANY_TENANTS) {
      for (const [name, each] of this.#tenants) if (each.isIdle(now)) this.#tenants.delete(name);
    }
    const requests = new OpenRequests(this.#most);
    this.#tenants.set(tenant, requests);
    return requests;
  }

  async #count(tenant: string, requests: OpenRequests): Promise<void> {
    const counting =
      this.#counts.get(tenant) ?? this.#read(tenant, requests).finally(() => this.#counts.delete(tenant));
    this.#counts.set(tenant, counting);
    await counting;
  }

  async #read(tenant: string, requests: OpenRequests): Promise<void> {
    if (this.#failedAt !== null && performance.now() - this.#failedAt < ASIDE_MS) return;
    const { started, answered } = requests.ask(performance.now());
    try {
      answered(await this.#client.countOpen(tenant, started));
      if (this.#failedAt === null) return;
      this.#failedAt = null;
      this.#logger.info({ event: 'open_requests_counted' }, 'Temporal counts the open requests of tenants again');
    } catch (error) {
      if (this.#failedAt === null) {
        this.#logger.warn(
          { event: 'open_requests_uncounted', reason: reasonOf(error) },
          'Temporal does not count the open requests of tenants: 30 s later none is refused for them',
        );
      }
      this.#failedAt = performance.now();
    }
  }
}

function tooManyRequests(open: number, most: number): HttpError {
  const detail =
    `${open} requests of this tenant are open, and ${most} may be. Nothing was started. ` +
    'Repeat the post, with the same Idempotency-Key, when one of them has ended; or cancel one.';
  return new HttpError(429, 'TooManyRequestsError', detail, { 'retry-after': String(RETRY_AFTER_S) });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  // Its own message says what the server said.
  if (error instanceof TemporalUnavailableError || !(cause instanceof Error)) return error.message;
  return `${error.message}: ${cause.message}`;
}
