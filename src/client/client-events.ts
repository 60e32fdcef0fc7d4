import type { RequestStatus } from '../contract/values.ts';

export const LEVELS = ['debug', 'warn'] as const;

/** What the client logs to: a logger of pino has it, and of others with the same order of arguments. */
export type ClientLogger = Readonly<Record<(typeof LEVELS)[number], (fields: object, message: string) => void>>;

/** What the client tells as it happens, besides what its methods return. Each may be a function; what it throws is dropped. */
export interface ClientHooks {
  /** The server has the request: a new one, or the one with the same key. */
  onRequestStarted?: (event: RequestStarted) => unknown;
  /** A wait for a result saw the end of the request. */
  onRequestEnded?: (event: RequestEnded) => unknown;
  /** A call to the Temporal server failed, and is made again. Of a client that `connect` made. */
  onRetry?: (event: CallRepeated) => unknown;
}

export interface RequestStarted {
  requestId: string;
  tenant: string;
  /** Null: none, or it repeats another. */
  idempotencyKey: string | null;
}

export interface RequestEnded {
  requestId: string;
  status: RequestStatus;
  /** What the wait ends with; null: with the result. */
  error: Error | null;
}

export interface CallRepeated {
  /** How often it has been made, from 1. */
  attempt: number;
  delayMs: number;
  /** Of gRPC, such as `UNAVAILABLE`. */
  code: string;
  message: string;
}

/** Tells the hooks and the logger of one client. Neither can break a call. */
export class ClientEvents {
  readonly #logger: ClientLogger | undefined;
  readonly #hooks: ClientHooks;
  #hasWarned = false;

  constructor({ logger, hooks = {} }: { logger?: ClientLogger; hooks?: ClientHooks }) {
    this.#logger = logger;
    this.#hooks = hooks;
  }

  requestStarted(event: RequestStarted): void {
    this.#guarded('The hook onRequestStarted', () => this.#hooks.onRequestStarted?.(event));
    const { requestId, tenant } = event;
    this.#log('debug', { event: 'client_request_started', request_id: requestId, tenant }, 'request started');
  }

  requestEnded(event: RequestEnded): void {
    this.#guarded('The hook onRequestEnded', () => this.#hooks.onRequestEnded?.(event));
    const { requestId, status, error } = event;
    const fields = { event: 'client_request_ended', request_id: requestId, status, ...(error && { err: error }) };
    this.#log('debug', fields, 'request ended');
  }

  callRepeated(event: CallRepeated): void {
    this.#guarded('The hook onRetry', () => this.#hooks.onRetry?.(event));
    const { attempt, delayMs, code, message } = event;
    const fields = { event: 'client_call_repeated', attempt, delay_ms: delayMs, code, reason: message };
    this.#log('warn', fields, 'a call to the Temporal server failed, and is made again');
  }

  searchAttributesMissing(): void {
    const message =
      'The Temporal namespace has no search attributes ExternalApiTenant and ExternalApiAttention. ' +
      'Requests run without them; `external-api setup` registers them.';
    if (!this.#logger) process.emitWarning(message);
    else this.#log('warn', { event: 'client_search_attributes_missing' }, message);
  }

  #log(level: keyof ClientLogger, fields: object, message: string): void {
    const logger = this.#logger;
    if (logger) this.#guarded(`The logger's ${level}`, () => logger[level](fields, message));
  }

  /** What goes wrong there is no failure of the request; it is told once, so that it is not hidden either. */
  #guarded(who: string, run: () => unknown): void {
    const failed = (error: unknown): void => {
      if (this.#hasWarned) return;
      this.#hasWarned = true;
      process.emitWarning(`${who} failed: ${error instanceof Error ? error.message : String(error)}`);
    };
    try {
      const ran = run();
      if (ran instanceof Promise) ran.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
