import { CancellationScope, log, ParentClosePolicy, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import {
  DELIVERY_TYPE,
  deliveryIdOf,
  originOf,
  webhookIdOf,
  type DeliveryArgs,
  type DeliveryMemo,
} from '../contract/delivery.ts';
import { endedSnapshot } from '../contract/ended-snapshot.ts';
import { tenantAttribute, type RequestMemo } from '../contract/names.ts';
import { WORKFLOW_VERSION, type ProcessRequestArgs } from '../contract/request.ts';
import { snapshotToWire } from '../contract/wire-format.ts';
import type { Request } from './create-request.ts';

/** The server, which is to record the end as well, starts it in milliseconds. */
const LONGEST_START_MS = 30_000;

/**
 * Starts the delivery of a request that has reached its end, as a workflow of its own: before the request ends, since the
 * server starts no child of a workflow that has ended. That there is none is told, and never the request's failure.
 */
export async function startDelivery({ args, state }: Request, callbackUrl: string): Promise<void> {
  const completedAt = state.completedAt ?? state.updatedAt;
  const memo = workflowInfo().memo as Partial<RequestMemo> | undefined;
  const delivery: DeliveryArgs = {
    version: WORKFLOW_VERSION,
    requestId: args.requestId,
    tenant: args.tenant,
    url: callbackUrl,
    webhookId: webhookIdOf(args.requestId, completedAt),
    data: snapshotToWire(endedSnapshot(state, memo ?? {}, null)),
  };
  await CancellationScope.nonCancellable(async () => {
    const late = sleep(LONGEST_START_MS).then(() => 'the server did not start it in time');
    // The SDK knows one failure of a start: there is one already.
    const started = start(args, delivery).then(() => null, reasonOf);
    const problem = await Promise.race([started, late]);
    if (problem === null) return;
    log.warn(`The end of the request is not delivered: ${problem}`, {
      event: 'external_api_delivery_not_started',
      request_id: args.requestId,
      tenant: args.tenant,
      reason: problem,
    });
  });
}

async function start({ searchAttributes }: ProcessRequestArgs, delivery: DeliveryArgs): Promise<void> {
  const { requestId, tenant, url, data } = delivery;
  const memo: DeliveryMemo = {
    tenant,
    ...(data.provider !== undefined && { provider: data.provider }),
    status: data.status,
    target: originOf(url),
  };
  await startChild(DELIVERY_TYPE, {
    workflowId: deliveryIdOf(requestId),
    // Of a request that was reset and ended again.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [delivery],
    memo: { ...memo },
    staticSummary: `${tenant}: tell ${memo.target} that it is ${data.status}`,
    ...(searchAttributes && { typedSearchAttributes: tenantAttribute(tenant) }),
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError'
    ? 'the delivery of an earlier end is still under way'
    : String(error);
}
