import type { Client, WorkflowHandle } from '@temporalio/client';
import { temporalServer } from '../contract/address.ts';
import { REQUEST_ID_PATTERN, workflowIdOf, writtenProvider } from '../contract/names.ts';
import type { CallbackHint, JsonValue, ProcessInput, RequestSnapshot, RequestState } from '../contract/request.ts';
import { budgetOfProvider, type ProviderBudget } from './budget-source.ts';
import { cancelRequest } from './cancel-request.ts';
import * as checks from './check-options.ts';
import type * as Options from './client-options.ts';
import { coalescedId } from './coalesce.ts';
import { countOpen } from './count-open.ts';
import { RequestNotFoundError, ResultTimeoutError } from './client-errors.ts';
import { ClientEvents } from './client-events.ts';
import { explainRequest } from './explain-request.ts';
import { timesOf, waitDuration } from './durations.ts';
import { Deliveries } from './deliveries.ts';
import { endOf, type CompletedRequest, type RequestEnd } from './finished-request.ts';
import { checkInvalidation, invalidateAnswers, type InvalidateOptions } from './start-invalidation.ts';
import { RequestList, type ListOptions } from './list-requests.ts';
import type { JsonCompatible, JsonLike } from './json-compatible.ts';
import { checkInput, checkTenant, type CheckedInput } from './process-input.ts';
import { PATIENT, QUICK, readSnapshot, type Patience, type Reading } from './read-snapshot.ts';
import { handleOf, type RequestHandle, type RetryHandle } from './request-handle.ts';
import { randomRequestId, requestIdFor, retryIdOf } from './request-id.ts';
import { checkResolution } from './resolution-input.ts';
import { resolveRequest, type ResolveOptions } from './resolve-request.ts';
import { checkRetry, readRetry, retryPlan, type RetryOptions } from './retry-request.ts';
import type { OpenCalls } from './open-calls.ts';
import { OpenWaits } from './open-waits.ts';
import { ownConnection } from './own-connection.ts';
import { serverCalls, type BoundRpc, type ServerCalls } from './server-calls.ts';
import { sharing } from './sharing.ts';
import { argsOf, memoOf, RequestStarter } from './start-request.ts';
import { isRunning } from './server-view.ts';
import { validated } from './standard-schema.ts';
import { tellCallback, type CallbackTold } from './tell-callback.ts';
import { addressOf, configuredTemporal } from './temporal-address.ts';
import { watchRequest } from './watch-request.ts';
import { webhooks } from './webhooks.ts';
import type { Why } from './why.ts';

/**
 * Starts, reads, awaits, cancels and lists durable requests. Needs a Temporal server; the work is done by workers
 * elsewhere. Every method may throw TemporalUnavailableError.
 */
export class ExternalApiClient implements AsyncDisposable {
  /** For whoever receives deliveries. */
  static readonly webhooks = webhooks;
  /** What tells callers the ends of requests that have a callback URL. */
  readonly deliveries: Deliveries;
  readonly #client: Client;
  readonly #options: Options.ClientOptions;
  readonly #provider: string | undefined;
  readonly #shared = sharing<Reading>();
  readonly #budgetOf: ProviderBudget;
  readonly #starter: RequestStarter;
  readonly #events: ClientEvents;
  readonly #waits: OpenWaits;
  readonly #rpc: ServerCalls['rpc'];
  readonly #start: ServerCalls['start'];
  readonly #told: ServerCalls['told'];
  /** Its address, and where that was taken from, for a person. */
  #server: string | undefined;
  /** Of a connection of our own. */
  #calls: OpenCalls | null = null;

  /**
   * @param client its connection is yours to close
   * @throws InvalidRequestError
   */
  constructor(client: Client, options: Options.ClientOptions = {}) {
    checks.checkConstructor(options);
    this.#client = client;
    this.#waits = new OpenWaits(client);
    ({ rpc: this.#rpc, start: this.#start, told: this.#told } = serverCalls(client, this.#waits, () => this.#server));
    this.#options = options;
    this.#provider = writtenProvider(options.provider);
    this.#budgetOf = budgetOfProvider(options.budget, this.#provider);
    this.#events = new ClientEvents(options);
    this.#starter = new RequestStarter(client, this.#events);
    this.#server = addressOf(client);
    this.deliveries = new Deliveries(client, this.#rpc, this);
  }

  /**
   * Connects when first used, so that a service starts although Temporal is down.
   * @throws InvalidRequestError
   */
  static connect(asked: Options.ConnectOptions = {}): ExternalApiClient {
    checks.checkConnect(asked);
    const { temporal = configuredTemporal(), ...options } = asked;
    const { client, calls } = ownConnection(temporal, (event) => connected.#events.callRepeated(event));
    const connected = new ExternalApiClient(client, options);
    connected.#calls = calls;
    connected.#server = temporalServer({ address: temporal.connectionOptions.address, from: temporal.addressFrom });
    return connected;
  }

  /**
   * Starts a request, or finds the one that the same tenant and idempotency key started before.
   * @throws InvalidRequestError, RequestTooLargeError, IdempotencyConflictError; TemporalUnavailableError with the id of
   *   the request, if that may have been started
   */
  async process<Result = JsonValue, Data = JsonLike>(
    input: ProcessInput<Data & JsonCompatible<Data>>,
    options: Options.ProcessOptions<Result> = {},
  ): Promise<RequestHandle<Result>> {
    const checked = checkInput(input, options, this.#options.deliveryTargets);
    const times = timesOf(options, this.#options);
    const { tenant, idempotencyKey } = checked;
    const { signal, schema } = options;
    signal?.throwIfAborted();
    const requestId = options.coalesce
      ? await this.#coalescedId(checked)
      : requestIdFor(tenant, idempotencyKey ?? randomRequestId(), this.#provider);
    const args = argsOf(requestId, checked, times, this.#provider);
    const start = (): Promise<void> => this.#starter.start(args, memoOf(args), { key: idempotencyKey !== undefined });
    try {
      await this.#start(requestId, () => (signal ? this.#client.withAbortSignal(signal, start) : start()));
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
    this.#events.requestStarted({ requestId, tenant, idempotencyKey: idempotencyKey ?? null });
    return handleOf(this, requestId, schema);
  }

  /** What can be asked of a request, by its id alone. Makes no call: that there is none, its methods say. */
  handle<Result = JsonValue>(requestId: string): RequestHandle<Result> {
    return handleOf<Result>(this, requestId);
  }

  /**
   * A request as it is now, within 1.5 s also when no worker is there (`stale: true`). Makes no call to the provider.
   * @throws RequestNotFoundError
   */
  async status(requestId: string, options: Options.StatusOptions = {}): Promise<RequestSnapshot> {
    checks.checkStatus(options);
    return (await this.#read(requestId, QUICK, options.tenant)).snapshot;
  }

  /**
   * Why a request is where it is, in one sentence and with the evidence. Makes no call to the provider.
   * @throws RequestNotFoundError
   */
  async why(requestId: string): Promise<Why> {
    const reading = await this.#read(requestId, PATIENT);
    const explain = () => explainRequest(this.#client, reading, this.#budgetOf, this.#options.budget ?? {});
    return await this.#waits.wait(explain);
  }

  async #read(requestId: string, patience: Patience, tenant?: string): Promise<Reading> {
    this.#workflow(requestId);
    const read = () => readSnapshot(this.#client, requestId, this.#budgetOf, patience, tenant);
    return await this.#shared(`${requestId} ${patience.budgetMs} ${tenant ?? ''}`, () =>
      this.#told(requestId, () => this.#waits.wait(read)),
    );
  }

  /**
   * The request now, and again after each change of its state, up to its end. Makes no call to the provider.
   * @throws RequestNotFoundError
   */
  updates(requestId: string, options: Options.UpdatesOptions = {}): AsyncIterableIterator<RequestSnapshot> {
    checks.checkUpdates(options);
    const how = { signal: options.signal, waits: this.#waits, server: this.#server };
    return watchRequest(this.#client, requestId, () => this.status(requestId), how);
  }

  /**
   * Waits for the result.
   * @throws ExternalAPIError and its subclasses, RequestCancelledError, ResultTimeoutError, ResultMismatchError,
   *   RequestNotFoundError
   */
  async result<Result = JsonValue>(
    requestId: string,
    options: Options.ResultOptions<Result> = {},
  ): Promise<CompletedRequest<Result>> {
    checks.checkResult(options);
    const { signal, timeout, schema } = options;
    this.#workflow(requestId);
    const wait = (): Promise<RequestEnd> => this.#told(requestId, () => endOf(this.#client, requestId));
    const timeoutMs = timeout === undefined ? undefined : waitDuration('timeout', timeout);
    const ended = await this.#waits.wait(wait, {
      timeoutMs,
      late: () => new ResultTimeoutError(requestId),
      signals: [signal],
    });
    this.#events.requestEnded({ requestId, status: ended.state.status, error: ended.error });
    if (ended.error) throw ended.error;
    // Without a schema the type is the caller's word.
    return schema ? await validated(ended.state, schema) : (ended.state as CompletedRequest<Result>);
  }

  /**
   * Asks for cancellation.
   * @throws InvalidRequestError, RequestNotFoundError, RequestFinishedError
   */
  async cancel(requestId: string, reason = ''): Promise<void> {
    checks.checkReason(reason);
    this.#workflow(requestId);
    await this.#rpc(requestId, () => cancelRequest(this.#client, requestId, reason));
  }

  /**
   * Decides what becomes of a request whose outcome is unknown. Who and why are kept in its history.
   * @returns its state after the decision
   * @throws InvalidRequestError, NothingToDecideError, RequestNotFoundError; TemporalUnavailableError when no worker
   *   answers, and then the decision may still be taken by one that comes back
   */
  async resolve(requestId: string, decision: ResolveOptions): Promise<RequestState> {
    checkResolution(decision);
    this.#workflow(requestId);
    return await this.#rpc(requestId, () => resolveRequest(this.#client, requestId, decision));
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
      const read = (): ReturnType<typeof readRetry> => readRetry(this.#client, requestId, { ...options, adopt });
      const { args, memo, details } = await this.#rpc(requestId, read);
      const start = () => this.#starter.start({ ...args, requestId: retryId }, memo, { key: false, details });
      await this.#start(retryId, start);
      this.#events.requestStarted({ requestId: retryId, tenant: ended.tenant, idempotencyKey: null });
    }
    return { ...handleOf(this, retryId), retryOf: requestId, started, adopted: adopt };
  }

  /**
   * Makes the response cache forget: the answer that a request got, the answer to an input, or all answers of a tenant.
   * Resolves when it is done. Needs a worker.
   * @throws InvalidRequestError, RequestNotFoundError; TemporalUnavailableError when no worker does it within 10 s, and
   *   then one that comes back still does it
   */
  async invalidate<Data = JsonLike>(options: InvalidateOptions<Data & JsonCompatible<Data>>): Promise<void> {
    checkInvalidation(options);
    const { requestId } = options;
    const rpc: BoundRpc = (call) => this.#rpc(requestId ?? '', call);
    const request = requestId === undefined ? null : this.#workflow(requestId);
    const ways = { client: this.#client, rpc, waits: this.#waits };
    const about = { request, provider: this.#provider, targets: this.#options.deliveryTargets };
    await invalidateAnswers(ways, options, about);
  }

  /**
   * Tells a request that its provider says that it is done: it asks the provider, and takes no word for the result.
   * @throws RequestNotFoundError
   */
  async callback(requestId: string, hint: CallbackHint): Promise<CallbackTold> {
    this.#workflow(requestId);
    return await this.#rpc(requestId, () => tellCallback(this.#client, requestId, hint));
  }

  /** Requests: running ones first, then the latest ended. @throws InvalidRequestError */
  list(options: ListOptions = {}): RequestList {
    return new RequestList(this.#client, (call) => this.#rpc('', call), options);
  }

  /** How many requests of a tenant are open, those of `started` that are not listed yet included; within 1 s. */
  async countOpen(tenant: string, started: readonly string[] = []): Promise<number> {
    checkTenant(tenant);
    return await this.#rpc('', () => countOpen(this.#client, tenant, started), 1_000);
  }

  /** Resolves when the Temporal server answers. */
  async ping(): Promise<void> {
    await this.#rpc('', () => this.#client.workflowService.getSystemInfo({}), 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends the connection of `connect`, and all calls, later ones too, with `TemporalUnavailableError`. */
  async close(): Promise<void> {
    this.#waits.close();
    if (this.#calls === null) return;
    this.#calls.close();
    await this.#client.connection.close();
  }

  async #coalescedId({ tenant, inputHash }: CheckedInput): Promise<string> {
    return await coalescedId({ tenant, inputHash, provider: this.#provider }, Date.now(), (requestId) =>
      this.#rpc(requestId, () => isRunning(this.#client, workflowIdOf(requestId))),
    );
  }

  /** @throws RequestNotFoundError for what cannot be an id of ours */
  #workflow(requestId: string): WorkflowHandle {
    if (!REQUEST_ID_PATTERN.test(requestId)) throw new RequestNotFoundError(requestId);
    return this.#client.workflow.getHandle(workflowIdOf(requestId));
  }
}
