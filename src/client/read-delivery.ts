import type { Client } from '@temporalio/client';
import { deliveryArgsOf, deliveryIdOf, webhookIdOf, type DeliveryArgs } from '../contract/delivery.ts';
import { workflowIdOf } from '../contract/names.ts';
import { WORKFLOW_VERSION, type RequestSnapshot } from '../contract/request.ts';
import { isTerminal } from '../contract/values.ts';
import { ForeignRequestError, NothingToDeliverError, RequestNotFoundError } from './client-errors.ts';
import type { BoundRpc } from './server-calls.ts';
import { readPending, readStart } from './server-view.ts';

/** Reads requests, as the client does. */
export interface SnapshotReader {
  status(requestId: string, options?: { tenant?: string }): Promise<RequestSnapshot>;
}

/**
 * What the delivery of a request's end starts with: what an earlier one started with, or, if there is none or the request has
 * ended anew since, what the request says. A dead letter outlives its request at the server.
 *
 * @param tenant whose it must be; undefined: anybody's
 * @throws RequestNotFoundError, ForeignRequestError, NothingToDeliverError
 */
export async function readDelivery(
  client: Client,
  rpc: BoundRpc,
  requests: SnapshotReader,
  requestId: string,
  tenant: string | undefined,
): Promise<DeliveryArgs> {
  const deliveryId = deliveryIdOf(requestId);
  // Both, whatever one of them says: another's id takes as long as an unknown one.
  const [request, delivery] = await Promise.all([
    requests.status(requestId, tenant === undefined ? {} : { tenant }).catch(known),
    rpc(() => readPending(client, deliveryId, { tenant })).catch(known),
  ]);
  if (request instanceof ForeignRequestError || delivery instanceof ForeignRequestError) {
    throw new ForeignRequestError(requestId);
  }
  const isThere = !(delivery instanceof RequestNotFoundError);
  const earlier = isThere ? (await rpc(() => readStart<DeliveryArgs>(client, deliveryId))).args : null;
  const args = argsFrom(earlier, request) ?? (await argsOf(requestId, request, client, rpc));
  return { ...args, version: WORKFLOW_VERSION };
}

/** Those of an earlier delivery, unless the request has ended anew since. */
function argsFrom(earlier: DeliveryArgs | null, request: RequestSnapshot | RequestNotFoundError): DeliveryArgs | null {
  if (earlier === null || request instanceof RequestNotFoundError || !isTerminal(request.status)) return earlier;
  return earlier.webhookId === webhookIdOf(request) ? earlier : null;
}

async function argsOf(
  requestId: string,
  request: RequestSnapshot | RequestNotFoundError,
  client: Client,
  rpc: BoundRpc,
): Promise<DeliveryArgs> {
  if (request instanceof RequestNotFoundError) throw request;
  if (!isTerminal(request.status)) throw new NothingToDeliverError(requestId, 'it has not ended');
  const { args } = await rpc(() => readStart(client, workflowIdOf(requestId)));
  const { callbackUrl } = args.options;
  if (callbackUrl === null) throw new NothingToDeliverError(requestId, 'it was started without a callback URL');
  return deliveryArgsOf(request, callbackUrl);
}

/** That there is none, or of another tenant, is an answer. */
function known(error: unknown): RequestNotFoundError {
  if (error instanceof RequestNotFoundError) return error;
  throw error;
}
