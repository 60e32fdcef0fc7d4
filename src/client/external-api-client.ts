import { randomUUID } from 'node:crypto';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { BudgetView } from '../contract/budget-view.ts';
import { DEFAULT_TENANT, REQUEST_ID_PATTERN, workflowIdOf, type RequestMemo } from '../contract/names.ts';
import type { ProcessInput, RequestSnapshot, RequestState } from '../contract/request.ts';
import { boundedWait } from './bounded-wait.ts';
import { sharedBudget } from './budget-source.ts';
import type { ConnectOptions, ProcessOptions, RequestHandle, ResultOptions, RetryHandle } from './client-options.ts';
import { coalescedId } from './coalesce.ts';
import {
  NothingToDecideError,
  RequestFinishedError,
  RequestNotFoundError,
  ResultTimeoutError,
} from './client-errors.ts';
import { requestDuration, waitDuration } from './durations.ts';
import { endOf, type CompletedRequest, type RequestEnd } from './finished-request.ts';
import { invalidateAnswers, type InvalidateOptions } from './start-invalidation.ts';
import { RequestList, type ListOptions } from './list-requests.ts';
import { checkInput, type CheckedInput } from './process-input.ts';
import { existingRetry, readSnapshot, type Reading } from './read-snapshot.ts';
import { randomRequestId, requestIdFor, retryIdOf } from './request-id.ts';
import { checkResolution } from './resolution-input.ts';
import { ENDED, repeatedBy, sendResolution, type ResolveOptions } from './resolve-request.ts';
import { checkRetry, retryPlan, retryStart, type RetryOptions } from './retry-request.ts';
import { OpenCalls } from './open-calls.ts';
import { argsOf, RequestStarter } from './start-request.ts';
import { readStart, readStatus } from './server-view.ts';
import { ofStart, translated } from './temporal-errors.ts';
import { why, type Why } from './why.ts';
import { withProxyRules } from './temporal-channel.ts';

const RPC_DEADLINE_MS = 5_000;

/**
 * Starts, reads, awaits, cancels and lists durable requests. Needs a Temporal server; the work is done by workers
 * elsewhere. Every method may throw TemporalUnavailableError.
 */
export class ExternalApiClient implements AsyncDisposable {
  readonly #client: Client;
  readonly #defaultDeadline: Duration;
  readonly #reads = new Map<string, Promise<Reading>>();
  readonly #budget: () => Promise<BudgetView | null>;
  readonly #workerAddress: string | null;
  readonly #defaultUnknownHold: Duration | undefined;
  readonly #starter: RequestStarter;
  /** Of a connection of our own. */
  #calls: OpenCalls | null = null;

  /** @param client yours to close, unless you close this */
  constructor(
    client: Client,
    { defaultDeadline = '1 hour', defaultUnknownHold, budget }: Omit<ConnectOptions, 'temporal'> = {},
  ) {
    this.#client = client;
    this.#defaultDeadline = defaultDeadline;
    this.#defaultUnknownHold = defaultUnknownHold;
    this.#budget = budget ? sharedBudget(budget) : async () => null;
    this.#workerAddress = budget?.address ?? null;
    this.#starter = new RequestStarter(client);
  }

  /** Connects when first used, so that a service starts although Temporal is down. */
  static connect({ temporal = loadClientConnectConfig(), ...options }: ConnectOptions = {}): ExternalApiClient {
    const calls = new OpenCalls();
    const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), calls.interceptor];
    const connection = Connection.lazy({ ...withProxyRules(temporal.connectionOptions), interceptors });
    const namespace = temporal.namespace ?? 'default';
    const connected = new ExternalApiClient(new Client({ connection, namespace }), options);
    connected.#calls = calls;
    return connected;
  }

  /**
   * Starts a request, or finds the one that the same tenant and idempotency key started before.
   * @throws InvalidRequestError, RequestTooLargeError, IdempotencyConflictError; TemporalUnavailableError with the id of
   *   the request, if that may have been started
   */
  async process(input: ProcessInput, options: ProcessOptions = {}): Promise<RequestHandle> {
    const checked = checkInput(input, options);
    const deadlineMs = requestDuration('deadline', options.deadline ?? this.#defaultDeadline);
    const { tenant, idempotencyKey } = checked;
    options.signal?.throwIfAborted();
    const unknownHold = options.unknownHold ?? this.#defaultUnknownHold;
    const unknownHoldMs = unknownHold === undefined ? null : requestDuration('unknownHold', unknownHold);
    const { cacheMaxAge } = options;
    const cacheMaxAgeMs = cacheMaxAge === undefined ? null : requestDuration('cacheMaxAge', cacheMaxAge);
    const requestId = options.coalesce
      ? await this.#coalescedId(checked)
      : idempotencyKey === undefined
        ? randomRequestId()
        : requestIdFor(tenant, idempotencyKey);
    const args = argsOf(requestId, checked, { deadlineMs, unknownHoldMs, cacheMaxAgeMs });
    const memo = { tenant, inputHash: checked.inputHash };
    const start = (): Promise<void> => this.#starter.start(args, memo, { key: idempotencyKey !== undefined });
    const { signal } = options;
    try {
      await this.#start(requestId, () => (signal ? this.#client.withAbortSignal(signal, start) : start()));
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
    return this.#handle(requestId);
  }

  /**
   * A request as it is now, within 1.5 s also when no worker is there (`stale: true`). Makes no call to the provider.
   * @throws RequestNotFoundError
   */
  async status(requestId: string): Promise<RequestSnapshot> {
    return (await this.#read(requestId)).snapshot;
  }

  /**
   * Why a request is where it is, in one sentence and with the evidence. Makes no call to the provider.
   * @throws RequestNotFoundError
   */
  async why(requestId: string): Promise<Why> {
    const { snapshot, lastFailure, budget: read } = await this.#read(requestId);
    const budget = read ?? (snapshot.waitingFor === null ? null : await this.#budget());
    return why(snapshot, { lastFailure, budget, workerAddress: this.#workerAddress }, new Date());
  }

  async #read(requestId: string): Promise<Reading> {
    this.#workflow(requestId);
    const underWay = this.#reads.get(requestId);
    if (underWay) return await underWay;
    const read = readSnapshot(this.#client, requestId, this.#budget)
      .catch((error: unknown) => {
        throw translated(error, requestId);
      })
      .finally(() => this.#reads.delete(requestId));
    this.#reads.set(requestId, read);
    return await read;
  }

  /**
   * Waits for the result.
   * @throws ExternalAPIError and its subclasses, RequestCancelledError, ResultTimeoutError, RequestNotFoundError
   */
  async result(requestId: string, { signal, timeout }: ResultOptions = {}): Promise<CompletedRequest> {
    this.#workflow(requestId);
    const wait = async (): Promise<RequestEnd> => {
      try {
        return await endOf(this.#client, requestId);
      } catch (error) {
        throw translated(error, requestId);
      }
    };
    const timeoutMs = timeout === undefined ? undefined : waitDuration('timeout', timeout);
    const late = (): Error => new ResultTimeoutError(requestId);
    const ended = await boundedWait(this.#client, wait, { timeoutMs, late, signal });
    if (ended.error) throw ended.error;
    return ended.state;
  }

  /**
   * Asks for cancellation.
   * @throws RequestNotFoundError, RequestFinishedError
   */
  async cancel(requestId: string, reason = ''): Promise<void> {
    const { workflowId } = this.#workflow(requestId);
    await this.#rpc(requestId, async () => {
      const { namespace, identity } = this.#client.options;
      const description = await this.#client.workflow.getHandle(workflowId).describe();
      if (description.status.name !== 'RUNNING') throw new RequestFinishedError(requestId);
      await this.#client.workflowService.requestCancelWorkflowExecution({
        namespace,
        identity,
        workflowExecution: { workflowId, runId: description.runId },
        requestId: randomUUID(),
        reason,
      });
    });
  }

  /**
   * Decides what becomes of a request whose outcome is unknown. Who and why are kept in its history.
   * @returns its state after the decision
   * @throws InvalidRequestError, NothingToDecideError, RequestNotFoundError; TemporalUnavailableError when no worker
   *   answers, and then the decision may still be taken by one that comes back
   */
  async resolve(requestId: string, decision: ResolveOptions): Promise<RequestState> {
    checkResolution(decision);
    const handle = this.#workflow(requestId);
    return await this.#rpc(requestId, async () => {
      const { status, runId, memo } = await handle.describe();
      if (status.name !== 'RUNNING') throw new NothingToDecideError(requestId, ENDED);
      if (decision.decision === 'resubmit') {
        const { tenant = DEFAULT_TENANT } = (memo ?? {}) as Partial<RequestMemo>;
        const retriedBy = await existingRetry(this.#client, tenant, requestId);
        if (retriedBy !== null) throw new NothingToDecideError(requestId, repeatedBy(retriedBy));
      }
      return await sendResolution(requestId, handle, runId, decision);
    });
  }

  /**
   * Sends a request again that ended without a result, as a new one with the same input and options, or, where the
   * provider has the work, only asks for it. A second retry finds the first.
   * @throws NotRetryableError where that could do the work twice; InvalidRequestError, RequestNotFoundError
   */
  async retry(requestId: string, options: RetryOptions = {}): Promise<RetryHandle> {
    checkRetry(options);
    const ended = await this.status(requestId);
    const { adopt } = retryPlan(ended);
    const retryId = ended.retriedBy ?? retryIdOf(ended.tenant, requestId);
    const started = ended.retriedBy === null;
    if (started) {
      const { by = this.#client.options.identity, reason } = options;
      const details = `A retry of ${requestId}, by ${by}${reason === undefined ? '' : `: ${reason}`}`;
      const first = await this.#rpc(requestId, () => readStart(this.#client, workflowIdOf(requestId)));
      const { args, memo } = retryStart(first, requestId, adopt);
      const start = () => this.#starter.start({ ...args, requestId: retryId }, memo, { key: false, details });
      await this.#start(retryId, start);
    }
    return { ...this.#handle(retryId), retryOf: requestId, started, adopted: adopt };
  }

  /**
   * Makes the response cache forget: the answer that a request got, the answer to an input, or all answers of a tenant.
   * Resolves when it is done. Needs a worker.
   * @throws InvalidRequestError, RequestNotFoundError; TemporalUnavailableError when no worker does it within 10 s, and
   *   then one that comes back still does it
   */
  async invalidate(options: InvalidateOptions): Promise<void> {
    const { requestId } = options;
    const request = requestId === undefined ? null : this.#workflow(requestId);
    await invalidateAnswers(this.#client, (call) => this.#rpc(requestId ?? '', call), options, request);
  }

  /** Requests: running ones first, then the latest ended. @throws InvalidRequestError */
  list(options: ListOptions = {}): RequestList {
    return new RequestList(this.#client, (call) => this.#rpc('', call), options);
  }

  /** Resolves when the Temporal server answers. */
  async ping(): Promise<void> {
    await this.#rpc('', () => this.#client.workflowService.getSystemInfo({}), 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends the connection. Calls that are under way, and later ones, end with `TemporalUnavailableError`. */
  async close(): Promise<void> {
    this.#calls?.close();
    await this.#client.connection.close();
  }

  async #coalescedId({ tenant, inputHash }: CheckedInput): Promise<string> {
    return await coalescedId(tenant, inputHash, Date.now(), async (requestId) => {
      const status = await this.#rpc(requestId, () => readStatus(this.#client, workflowIdOf(requestId)));
      return status && status === 'running';
    });
  }

  #handle(requestId: string): RequestHandle {
    return {
      requestId,
      status: () => this.status(requestId),
      result: (options) => this.result(requestId, options),
      cancel: (reason) => this.cancel(requestId, reason),
    };
  }

  /** @throws RequestNotFoundError for what cannot be an id of ours */
  #workflow(requestId: string): WorkflowHandle {
    if (!REQUEST_ID_PATTERN.test(requestId)) throw new RequestNotFoundError(requestId);
    return this.#client.workflow.getHandle(workflowIdOf(requestId));
  }

  async #start(requestId: string, start: () => Promise<void>): Promise<void> {
    try {
      await this.#rpc(requestId, start);
    } catch (error) {
      throw ofStart(error, requestId);
    }
  }

  async #rpc<Result>(requestId: string, call: () => Promise<Result>, deadlineMs = RPC_DEADLINE_MS): Promise<Result> {
    try {
      return await this.#client.withDeadline(Date.now() + deadlineMs, call);
    } catch (error) {
      throw translated(error, requestId);
    }
  }
}
