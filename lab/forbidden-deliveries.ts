import { networkInterfaces } from 'node:os';
import type { Client } from '@temporalio/client';
import type { ExternalApiClient } from 'durable-external-api';
import { DELIVERY_TYPE, deliveryIdOf, type DeliveryArgs } from '#product/contract/delivery.js';
import { DEFAULT_TENANT, queuesOf } from '#product/contract/names.js';
import { WORKFLOW_VERSION } from '#product/contract/request.js';
import { snapshotToWire } from '#product/contract/wire-format.js';

/** RFC 1918, and what is kept for documentation (RFC 5737), which virtual machines have too. */
const PRIVATE = /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|192\.0\.2)\./;

/** An address of this machine that is neither public nor loopback, which a run allows; null: it has none. */
export function privateAddress(): string | null {
  const addresses = Object.values(networkInterfaces()).flatMap((own) => own ?? []);
  return addresses.find(({ family, address }) => family === 'IPv4' && PRIVATE.test(address))?.address ?? null;
}

export interface ForbiddenOptions {
  temporal: Client;
  client: ExternalApiClient;
  /** A request that has ended: its end is told. */
  requestId: string;
  /** Undefined: the built-in one. */
  provider: string | undefined;
  urls: readonly string[];
}

/** Deliveries that no client would start: they stand in the server as if their URLs had been allowed once. */
export async function startForbiddenDeliveries(options: ForbiddenOptions): Promise<void> {
  const { temporal, client, requestId, provider, urls } = options;
  const data = snapshotToWire(await client.status(requestId));
  for (const [n, url] of urls.entries()) {
    const nobody = `req_${n.toString().padStart(26, '0')}`;
    const args: DeliveryArgs = {
      version: WORKFLOW_VERSION,
      requestId: nobody,
      tenant: DEFAULT_TENANT,
      url,
      webhookId: `${nobody}-lab`,
      data,
    };
    await temporal.workflow.start(DELIVERY_TYPE, {
      workflowId: deliveryIdOf(nobody),
      taskQueue: queuesOf(provider).requests,
      args: [args],
    });
  }
}
