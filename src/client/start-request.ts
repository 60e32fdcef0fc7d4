import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, TASK_QUEUES, WORKFLOW_TYPE, workflowIdOf, type RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs } from '../contract/request.ts';
import { IdempotencyConflictError } from './errors.ts';
import type { CheckedInput } from './process-input.ts';
import { isMissingSearchAttribute } from './temporal-errors.ts';

const tenantKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.tenant, 'KEYWORD');

/** Starts workflows on one server, and learns whether it has our search attributes. */
export class RequestStarter {
  readonly #client: Client;
  #searchAttributes = true;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Starts the request, or finds the one that has its id and the same input.
   * @throws IdempotencyConflictError
   */
  async start(
    requestId: string,
    input: CheckedInput,
    times: Pick<ProcessRequestArgs, 'deadlineMs' | 'unknownHoldMs'>,
  ): Promise<void> {
    const { inputHash, idempotencyKey } = input;
    try {
      await this.#client.workflow.start(WORKFLOW_TYPE, startOptions(requestId, input, times, this.#searchAttributes));
    } catch (error) {
      if (this.#searchAttributes && isMissingSearchAttribute(error)) {
        this.#searchAttributes = false;
        process.emitWarning(
          'The Temporal namespace has no search attributes ExternalApiTenant and ExternalApiAttention. ' +
            'Requests run without them; `external-api setup` registers them.',
        );
        return await this.start(requestId, input, times);
      }
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    if (idempotencyKey === undefined) return;
    const { memo: first } = await this.#client.workflow.getHandle(workflowIdOf(requestId)).describe();
    if ((first as RequestMemo | undefined)?.inputHash !== inputHash) throw new IdempotencyConflictError(requestId);
  }
}

function startOptions(
  requestId: string,
  { tenant, data, options, inputHash, idempotency, priority, kind, cacheUse }: CheckedInput,
  times: Pick<ProcessRequestArgs, 'deadlineMs' | 'unknownHoldMs'>,
  searchAttributes: boolean,
): WorkflowStartOptions {
  const args: ProcessRequestArgs = {
    requestId,
    tenant,
    data,
    options,
    ...times,
    idempotency,
    searchAttributes,
    priority,
    kind,
    cache: { key: inputHash, use: cacheUse },
  };
  const memo: RequestMemo = { tenant, inputHash };
  return {
    workflowId: workflowIdOf(requestId),
    taskQueue: priority === 'bulk' ? TASK_QUEUES.bulk : TASK_QUEUES.requests,
    args: [args],
    memo: { ...memo },
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    // Tenants take turns in every queue, on servers that know fairness keys.
    priority: { fairnessKey: tenant },
    staticSummary: `${tenant}: ${options.async ? 'asynchronous' : 'synchronous'}`,
    ...(searchAttributes && { typedSearchAttributes: [{ key: tenantKey, value: tenant }] }),
  };
}
