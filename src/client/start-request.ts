import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { queuesOf, tenantAttribute, WORKFLOW_TYPE, workflowIdOf, type RequestMemo } from '../contract/names.ts';
import { WORKFLOW_VERSION, type ProcessRequestArgs } from '../contract/request.ts';
import { IdempotencyConflictError } from './client-errors.ts';
import type { ClientEvents } from './client-events.ts';
import type { CheckedInput } from './process-input.ts';
import { isMissingSearchAttribute } from './temporal-errors.ts';

/** The starter knows its version, and finds out whether the server has our search attributes. */
export type StartArgs = Omit<ProcessRequestArgs, 'version' | 'searchAttributes'>;

/** Starts workflows on one server, and learns whether it has our search attributes. */
export class RequestStarter {
  readonly #client: Client;
  readonly #events: ClientEvents;
  #searchAttributes = true;

  constructor(client: Client, events: ClientEvents) {
    this.#client = client;
    this.#events = events;
  }

  /**
   * Starts the request, or finds the one that has its id.
   * @param key whether the id is a caller's key, which means one input only
   * @throws IdempotencyConflictError
   */
  async start(args: StartArgs, memo: RequestMemo, { key, details }: { key: boolean; details?: string }): Promise<void> {
    try {
      const options = startOptions(
        { ...args, version: WORKFLOW_VERSION, searchAttributes: this.#searchAttributes },
        memo,
        details,
      );
      await this.#client.workflow.start(WORKFLOW_TYPE, options);
      return;
    } catch (error) {
      if (this.#searchAttributes && isMissingSearchAttribute(error)) {
        this.#searchAttributes = false;
        this.#events.searchAttributesMissing();
        return await this.start(args, memo, { key, ...(details !== undefined && { details }) });
      }
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    if (!key) return;
    const { memo: first } = await this.#client.workflow.getHandle(workflowIdOf(args.requestId)).describe();
    if ((first as RequestMemo | undefined)?.inputHash !== memo.inputHash) {
      throw new IdempotencyConflictError(args.requestId);
    }
  }
}

/** What a request is started with, as its caller asked for it. */
export function argsOf(
  requestId: string,
  { tenant, data, options, inputHash, idempotency, priority, kind, cacheUse }: CheckedInput,
  { cacheMaxAgeMs, ...times }: { deadlineMs: number; unknownHoldMs: number | null; cacheMaxAgeMs: number | null },
  provider: string | undefined,
): StartArgs {
  const cache = { key: inputHash, use: cacheUse, ...(cacheMaxAgeMs !== null && { maxAgeMs: cacheMaxAgeMs }) };
  const named = provider === undefined ? {} : { provider };
  return { requestId, tenant, ...named, data, options, ...times, idempotency, priority, kind, cache, adopt: null };
}

/** What the workflow of a first try shows of it. */
export function memoOf({ tenant, provider, cache }: StartArgs): RequestMemo {
  return { tenant, ...(provider !== undefined && { provider }), inputHash: cache.key };
}

function startOptions(args: ProcessRequestArgs, memo: RequestMemo, details: string | undefined): WorkflowStartOptions {
  const { requestId, tenant, provider, options, priority, searchAttributes } = args;
  return {
    workflowId: workflowIdOf(requestId),
    taskQueue: queuesOf(provider)[priority === 'bulk' ? 'bulk' : 'requests'],
    args: [args],
    memo: { ...memo },
    // So that who starts it is told apart from who finds it: only one that was there may be of another input.
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    // Tenants take turns in every queue, on servers that know fairness keys.
    priority: { fairnessKey: tenant },
    staticSummary: `${tenant}: ${provider === undefined ? '' : `${provider}, `}${options.async ? 'asynchronous' : 'synchronous'}`,
    ...(details !== undefined && { staticDetails: details }),
    ...(searchAttributes && { typedSearchAttributes: tenantAttribute(tenant) }),
  };
}
