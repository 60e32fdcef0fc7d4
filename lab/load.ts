import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { ExternalApiClient } from 'durable-external-api';
import type { Callback } from './receiver-kinds.ts';
import { countUnsettled } from './unsettled.ts';
import { type Work, workOf, type WorkPlan } from './work.ts';

const CALLERS = 16;
const REPEAT_AFTER_MS = 250;
const COUNT_EVERY_MS = 500;
/** Every so many requests the start is sent a second time although it was answered. */
const SENT_TWICE = 20;

/** A mistake of the lab, which no repetition mends. */
class Refused extends Error {}

export interface Accepted extends Work {
  requestId: string;
}

export interface LoadOptions {
  run: WorkPlan & { requests: number };
  /** At most so many unsettled requests, but for the backlog. */
  inFlight: number;
  gatewayUrl: string;
  /** Where ends are told: the path of a request follows. */
  receiverUrl: string;
  client: ExternalApiClient;
  temporal: Client;
  onAccepted: (request: Accepted) => void;
}

/**
 * Starts requests as services would: through the gateway, or with the client, which alone can ask for less than the
 * worker's mode, or for a deadline. A start that got no answer is sent again with the same key.
 */
export class Load {
  /** By request_id. */
  readonly accepted = new Map<string, Accepted>();
  /** Every answer to a start. */
  readonly starts: { key: string; requestId: string }[] = [];
  /** Requests on their way, as last counted. */
  unsettled = 0;
  #next = 0;
  readonly #options: LoadOptions;
  readonly #over = new AbortController();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Resolves when all are accepted. */
  async run(): Promise<void> {
    void this.#keepCounting();
    await Promise.all(Array.from({ length: CALLERS }, () => this.#startOneAfterTheOther()));
  }

  /** One more, of no special fate. */
  async startAnother(): Promise<void> {
    await this.#accept({ ...workOf(this.#options.run, this.#next++), fate: 'plain' });
  }

  /** Ends the count of unsettled requests. */
  stop(): void {
    this.#over.abort();
  }

  async #startOneAfterTheOther(): Promise<void> {
    const { run, inFlight } = this.#options;
    while (this.#next < run.requests) {
      if (this.#next >= run.backlog && this.unsettled >= inFlight) {
        await delay(COUNT_EVERY_MS / 10);
        continue;
      }
      this.unsettled += 1;
      await this.#accept(workOf(run, this.#next++));
    }
  }

  async #accept(work: Work): Promise<void> {
    const accepted = { ...work, requestId: await this.#start(work) };
    this.accepted.set(accepted.requestId, accepted);
    this.#options.onAccepted(accepted);
    if (work.n % SENT_TWICE === 0) await this.#start(work);
  }

  async #start(work: Work): Promise<string> {
    // The gateway has one mode and one deadline for all.
    const isSpecial = work.fate === 'short-deadline' || (this.#options.run.mode === 'mixed' && work.mode === 'none');
    for (;;) {
      try {
        const requestId = await (isSpecial ? this.#viaClient(work) : this.#viaGateway(work));
        this.starts.push({ key: work.key, requestId });
        return requestId;
      } catch (error) {
        if (error instanceof Refused) throw error;
        await delay(REPEAT_AFTER_MS);
      }
    }
  }

  async #viaGateway({ key, data, async, callback }: Work): Promise<string> {
    const url = this.#urlOf(callback);
    const response = await fetch(`${this.#options.gatewayUrl}/api/external/process`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ data, options: { async, ...(url !== null && { callback_url: url }) } }),
      signal: AbortSignal.timeout(15_000),
    });
    const answer = (await response.json()) as { request_id: string };
    // 5xx is "not at the moment"; anything else that is not a success is a mistake of the lab.
    if (response.status >= 500) throw new Error(`the gateway answered ${response.status}`);
    if (!response.ok) throw new Refused(`The gateway refused a start: ${JSON.stringify(answer)}`);
    return answer.request_id;
  }

  async #viaClient({ key, data, async, mode, fate, deadlineMs, callback }: Work): Promise<string> {
    const deadline = fate === 'short-deadline' ? deadlineMs : '1 day';
    const options = { idempotencyKey: key, idempotency: mode === 'key' ? 'key' : 'none', deadline } as const;
    const url = this.#urlOf(callback);
    const input = { data, options: { async, ...(url !== null && { callbackUrl: url }) } };
    return (await this.#options.client.process(input, options)).requestId;
  }

  #urlOf(callback: Callback | null): string | null {
    return callback && this.#options.receiverUrl + callback.path;
  }

  async #keepCounting(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await delay(COUNT_EVERY_MS);
      this.unsettled = await countUnsettled(this.#options.temporal).catch(() => this.unsettled);
    }
  }
}
