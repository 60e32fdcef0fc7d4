import { CancellationScope, log, ParentClosePolicy, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import {
  DELIVERY_TYPE,
  deliveryArgsOf,
  deliveryIdOf,
  deliveryMemoOf,
  type DeliveryArgs,
} from '../contract/delivery.ts';
import { endedSnapshot } from '../contract/ended-snapshot.ts';
import { tenantAttribute, type RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs } from '../contract/request.ts';
import type { Request } from './create-request.ts';

/** The server, which is to record the end as well, starts it in milliseconds. */
const LONGEST_START_MS = 30_000;

/**
 * Starts the delivery of a request that has reached its end, as a workflow of its own: before the request ends, since the
 * server starts no child of a workflow that has ended. That there is none is told, and never the request's failure.
 */
export async function startDelivery({ args, state }: Request, callbackUrl: string): Promise<void> {
  const memo = workflowInfo().memo as Partial<RequestMemo> | undefined;
  const ended = endedSnapshot(state, { ...memo, tenant: args.tenant }, null);
  const delivery = deliveryArgsOf(ended, callbackUrl);
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
  const { requestId, tenant } = delivery;
  const memo = deliveryMemoOf(delivery);
  await startChild(DELIVERY_TYPE, {
    workflowId: deliveryIdOf(requestId),
    // Of a request that was reset and ended again.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [delivery],
    memo: { ...memo },
    staticSummary: `${tenant}: tell ${memo.target} that it is ${memo.status}`,
    ...(searchAttributes && { typedSearchAttributes: tenantAttribute(tenant) }),
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError'
    ? 'the delivery of an earlier end is still under way'
    : String(error);
}
