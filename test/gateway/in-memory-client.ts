import { EventEmitter, once } from 'node:events';
import {
  ForeignRequestError,
  IdempotencyConflictError,
  NothingToDecideError,
  NothingToDeliverError,
  RequestFinishedError,
  RequestNotFoundError,
  ResultTimeoutError,
} from '../../src/client/client-errors.ts';
import type { InvalidateOptions } from '../../src/client/start-invalidation.ts';
import type { ResolveOptions } from '../../src/client/resolve-request.ts';
import type { CallbackTold } from '../../src/client/tell-callback.ts';
import { endedSnapshot } from '../../src/contract/ended-snapshot.ts';
import {
  initialState,
  type CallbackHint,
  type ProcessInput,
  type RequestSnapshot,
  type RequestState,
} from '../../src/contract/request.ts';
import type { ProcessOptions, StatusOptions, UpdatesOptions } from '../../src/client/client-options.ts';
import type { ListOptions, RequestSummary } from '../../src/client/list-requests.ts';
import { isTerminal } from '../../src/contract/values.ts';
import type { CompletedRequest } from '../../src/client/finished-request.ts';
import type { GatewayClient, StartedRequest } from '../../src/gateway/gateway-client.ts';

interface Entry {
  snapshot: RequestSnapshot;
  input: ProcessInput;
  asked: Pick<ProcessOptions, 'idempotencyKey' | 'cache' | 'cacheMaxAge'>;
  error: Error | null;
  done: PromiseWithResolvers<void>;
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
}

const STATUS_AFTER = { resubmit: 'submitting', adopt: 'processing', abandon: 'failed' } as const;

/** What the provider works on. */
function fresh(requestId: string, tenant: string): RequestSnapshot {
  const state = {
    ...initialState(requestId, '2026-01-01T00:00:00.000Z'),
    status: 'processing',
    deadlineAt: '2026-01-01T01:00:00.000Z',
    updatedAt: '2026-01-01T00:00:01.000Z',
    providerRequestId: 'req_abc123',
  } as const;
  return endedSnapshot(state, { tenant }, null);
}

/** The client's rules on a map instead of a Temporal server; a test decides when and how a request ends. */
export class InMemoryClient implements GatewayClient {
  readonly requests = new Map<string, Entry>();
  readonly #keys = new Map<string, string>();
  /** Set to make every call fail or hang. */
  failure: (() => Promise<never>) | null = null;
  /** As `failure`, of counts alone; and how many there were. */
  countFailure: (() => Promise<never>) | null = null;
  counts = 0;
  /** Signals of the waits that were opened. */
  readonly waits: AbortSignal[] = [];

  /** What providers said, and what came of it. */
  readonly callbacks: { requestId: string; hint: CallbackHint }[] = [];
  toldAs: CallbackTold = 'told';
  /** How often changes were asked for, are followed now, and were told. */
  polls = 0;
  following = 0;
  updatesTold = 0;
  /** How often a status was read. */
  reads = 0;
  /** What the latest request was asked with. */
  lastOptions: ProcessOptions = {};
  readonly #changes = new EventEmitter().setMaxListeners(0);
  /** What was asked to be cancelled. */
  readonly cancels: { requestId: string; reason: string }[] = [];

  /** What was asked to be forgotten. */
  readonly invalidations: InvalidateOptions[] = [];

  readonly deliveries: GatewayClient['deliveries'] = {
    async *list() {},
    redeliver: async (requestId, { tenant }) => {
      await this.status(requestId, tenant === undefined ? {} : { tenant });
      throw new NothingToDeliverError(requestId, 'it was started without a callback URL');
    },
  };

  async callback(requestId: string, hint: CallbackHint): Promise<CallbackTold> {
    this.callbacks.push({ requestId, hint });
    await this.failure?.();
    return this.toldAs;
  }

  async process(input: ProcessInput, options: ProcessOptions): Promise<StartedRequest> {
    await this.failure?.();
    this.lastOptions = options;
    const { tenant = 'default', idempotencyKey, cache, cacheMaxAge } = options;
    const key = idempotencyKey === undefined ? null : `${tenant} ${idempotencyKey}`;
    const known = key === null ? undefined : this.#keys.get(key);
    if (known !== undefined) {
      if (JSON.stringify(this.#entry(known).input) !== JSON.stringify(input)) throw new IdempotencyConflictError(known);
      return this.#handle(known);
    }
    const requestId = `req_${String(this.requests.size).padStart(26, '0')}`;
    if (key !== null) this.#keys.set(key, requestId);
    this.requests.set(requestId, {
      input,
      asked: {
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...(cache && { cache }),
        ...(cacheMaxAge !== undefined && { cacheMaxAge }),
      },
      error: null,
      done: withResolvers(),
      snapshot: fresh(requestId, tenant),
    });
    return this.#handle(requestId);
  }

  async status(requestId: string, { tenant }: StatusOptions = {}): Promise<RequestSnapshot> {
    await this.failure?.();
    this.reads += 1;
    const { snapshot } = this.#entry(requestId);
    if (tenant !== undefined && snapshot.tenant !== tenant) throw new ForeignRequestError(requestId);
    return snapshot;
  }

  async resolve(requestId: string, { providerRequestId, ...decided }: ResolveOptions): Promise<RequestState> {
    await this.failure?.();
    const { snapshot } = this.#entry(requestId);
    if (snapshot.status !== 'outcome_unknown') throw new NothingToDecideError(requestId, `It is ${snapshot.status}`);
    const at = '2026-01-01T00:00:03.000Z';
    const resolution = { ...decided, providerRequestId: providerRequestId ?? null, at };
    this.change(requestId, { resolution, status: STATUS_AFTER[decided.decision] });
    return { ...snapshot, resolution };
  }

  async invalidate(options: InvalidateOptions): Promise<void> {
    await this.failure?.();
    this.invalidations.push(options);
  }

  /** Follows the changes that a test makes. */
  async *updates(requestId: string, { signal }: UpdatesOptions = {}): AsyncGenerator<RequestSnapshot> {
    this.polls += 1;
    this.following += 1;
    let told: RequestSnapshot | null = null;
    try {
      for (;;) {
        const { snapshot } = this.#entry(requestId);
        if (snapshot !== told) {
          this.updatesTold += 1;
          yield snapshot;
        }
        told = snapshot;
        if (isTerminal(snapshot.status)) return;
        if (this.#entry(requestId).snapshot === told) await once(this.#changes, 'change', signal ? { signal } : {});
      }
    } finally {
      this.following -= 1;
    }
  }

  list({ tenant, status, limit = Infinity }: ListOptions) {
    const own = [...this.requests.values()].map(({ snapshot }) => snapshot).filter((one) => one.tenant === tenant);
    const listed = own.filter((one) => status === undefined || one.status === status).slice(0, limit);
    const { failure } = this;
    return {
      nextCursor: null,
      async *[Symbol.asyncIterator](): AsyncGenerator<RequestSummary> {
        await failure?.();
        for (const one of listed) {
          const { requestId, createdAt, completedAt, retryOf, error } = one;
          const listStatus = isTerminal(one.status) ? one.status : 'running';
          yield {
            requestId,
            tenant: one.tenant,
            provider: null,
            status: listStatus,
            createdAt,
            completedAt,
            retryOf,
            error,
          };
        }
      },
    };
  }

  async cancel(requestId: string, reason = ''): Promise<void> {
    await this.failure?.();
    if (isTerminal(this.#entry(requestId).snapshot.status)) throw new RequestFinishedError(requestId);
    this.cancels.push({ requestId, reason });
    this.change(requestId, { cancelRequested: true });
  }

  /** Exact: what was started is listed at once. */
  async countOpen(tenant: string, _started?: readonly string[]): Promise<number> {
    this.counts += 1;
    await this.failure?.();
    await this.countFailure?.();
    const own = [...this.requests.values()].filter(({ snapshot }) => snapshot.tenant === tenant);
    return own.filter(({ snapshot }) => !isTerminal(snapshot.status)).length;
  }

  async ping(): Promise<void> {
    await this.failure?.();
  }

  /** One that is as a test wants it. */
  adopt(requestId: string, tenant: string, how: Partial<RequestSnapshot>): void {
    this.requests.set(requestId, {
      input: { data: null },
      asked: {},
      error: null,
      done: withResolvers(),
      snapshot: { ...fresh(requestId, tenant), ...how },
    });
  }

  /** As if it had just been made. */
  forget(): void {
    this.requests.clear();
    this.#keys.clear();
    for (const list of [this.waits, this.cancels, this.invalidations]) list.length = 0;
  }

  /** The id of the request that came last. */
  get lastId(): string {
    return [...this.requests.keys()].at(-1) ?? '';
  }

  change(requestId: string, change: Partial<RequestSnapshot>): void {
    const entry = this.#entry(requestId);
    entry.snapshot = { ...entry.snapshot, ...change };
    this.#changes.emit('change');
  }

  complete(requestId: string, processedData: string, how: Partial<RequestSnapshot> = {}): void {
    const result = { processedData, metadata: { processingTime: 1.5, version: '2.1' } };
    this.change(requestId, {
      status: 'completed',
      completedAt: '2026-01-01T00:00:02.000Z',
      result,
      source: 'provider',
      ...how,
    });
    this.#entry(requestId).done.resolve();
  }

  fail(requestId: string, error: Error): void {
    const entry = this.#entry(requestId);
    entry.error = error;
    entry.done.resolve();
  }

  #entry(requestId: string): Entry {
    const entry = this.requests.get(requestId);
    if (!entry) throw new RequestNotFoundError(requestId);
    return entry;
  }

  #handle(requestId: string): StartedRequest {
    return {
      requestId,
      status: () => this.status(requestId),
      result: async ({ timeout, signal = AbortSignal.abort() } = {}) => {
        this.waits.push(signal);
        const entry = this.#entry(requestId);
        const timer = withResolvers<'late'>();
        const handle = setTimeout(() => timer.resolve('late'), Number(timeout));
        const aborted = new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted')));
        const first = await Promise.race([entry.done.promise, timer.promise, aborted]);
        clearTimeout(handle);
        if (first === 'late') throw new ResultTimeoutError(requestId);
        if (first === 'aborted') throw signal.reason;
        if (entry.error) throw entry.error;
        return entry.snapshot as CompletedRequest;
      },
    };
  }
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
