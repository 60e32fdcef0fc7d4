import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  DELIVERY_TYPE,
  deliveredRequestOf,
  deliveryIdOf,
  deliveryMemoOf,
  type Delivered,
  type DeliveryMemo,
  type DeliveryProgress,
} from '../contract/delivery.ts';
import { queuesOf, REQUEST_ID_PATTERN, SEARCH_ATTRIBUTES, tenantAttribute, tenantOf } from '../contract/names.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../contract/values.ts';
import { RequestNotFoundError } from './client-errors.ts';
import { nullIfGone, withAttributesOrWithout } from './listed.ts';
import { readDelivery, type SnapshotReader } from './read-delivery.ts';
import { listLimit, name } from './request-members.ts';
import { decidedBy, decisionReason } from './resolution-input.ts';
import type { BoundRpc, Rpc } from './server-calls.ts';
import { listPage, readPending, type ListedWorkflow } from './server-view.ts';
import { check, oneOf, strict } from './strict-input.ts';

/** A delivery as a list shows it. Times are ISO 8601. */
export interface DeliverySummary {
  requestId: string;
  tenant: string;
  status: DeliveryStatus;
  /** How the request ended. */
  requestStatus: string;
  /** Where to: the origin of its callback URL. */
  target: string;
  startedAt: string;
  endedAt: string | null;
  /** Attempts that were made; null: not known. */
  attempts: number | null;
  /** Why the latest attempt did not deliver it; null: none has failed. */
  reason: string | null;
  /** Of one that is pending; null: now, or not known. */
  nextAttemptAt: string | null;
}

export interface DeliveryListOptions {
  /** Default: `dead`. */
  status?: DeliveryStatus;
  tenant?: string;
  /** At most so many. Default: all. */
  limit?: number;
}

export interface RedeliverOptions {
  /** Who asks for it, at most 200 characters. */
  by: string;
  /** At most 2000 characters. */
  reason: string;
  /** The tenant that it must be of. Default: anybody. */
  tenant?: string;
}

/** A delivery that was begun anew. */
export interface Redelivery {
  requestId: string;
  /** The same as before, for the same end. */
  webhookId: string;
  target: string;
}

const listOptions = strict({
  status: oneOf(DELIVERY_STATUSES).optional(),
  tenant: name.optional(),
  limit: listLimit.optional(),
});
const redeliverOptions = strict({ by: decidedBy, reason: decisionReason, tenant: name.optional() });

const QUERIES: Record<DeliveryStatus, string> = {
  pending: "ExecutionStatus = 'Running'",
  delivered: "ExecutionStatus = 'Completed'",
  dead: "ExecutionStatus = 'Failed'",
  cancelled: "ExecutionStatus IN ('Canceled', 'Terminated')",
};

/** Each entry may take two calls: so many are on their way at once. */
const PAGE = 20;

/** The deliveries of a Temporal namespace. Every method may throw TemporalUnavailableError. */
export class Deliveries {
  readonly #client: Client;
  readonly #rpc: Rpc;
  readonly #requests: SnapshotReader;

  constructor(client: Client, rpc: Rpc, requests: SnapshotReader) {
    this.#client = client;
    this.#rpc = rpc;
    this.#requests = requests;
  }

  /**
   * Deliveries of one status, in the server's order: those that began, or ended, last first. Of a request that was delivered
   * again only the latest delivery counts.
   * @throws InvalidRequestError
   */
  list(options: DeliveryListOptions = {}): AsyncIterable<DeliverySummary> {
    check(listOptions, options);
    return this.#list(options);
  }

  /**
   * Begins the delivery of a request's end anew, with an attempt at once: a dead letter, one that waits for its next attempt,
   * or one that was never begun, because the request was terminated or the server was in trouble then. A receiver tells it by
   * its `webhook-id` from the end of another request, and knows that it had it before.
   * @throws InvalidRequestError, RequestNotFoundError, NothingToDeliverError
   */
  async redeliver(requestId: string, options: RedeliverOptions): Promise<Redelivery> {
    check(redeliverOptions, options);
    if (!REQUEST_ID_PATTERN.test(requestId)) throw new RequestNotFoundError(requestId);
    const { by, reason, tenant: asked } = options;
    const rpc: BoundRpc = (call) => this.#rpc(requestId, call);
    const args = await readDelivery(this.#client, rpc, this.#requests, requestId, asked);
    const { tenant, webhookId } = args;
    const memo: DeliveryMemo = { ...deliveryMemoOf(args), redelivered: { by, reason } };
    const start = (withAttributes: boolean): Promise<unknown> =>
      this.#client.workflow.start(DELIVERY_TYPE, {
        workflowId: deliveryIdOf(requestId),
        taskQueue: queuesOf(memo.provider).requests,
        args: [args],
        memo: { ...memo },
        workflowIdConflictPolicy: 'TERMINATE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        priority: { fairnessKey: tenant },
        staticSummary: `${tenant}: tell ${memo.target} again that it is ${memo.status}`,
        staticDetails: `Asked for by ${by}: ${reason}`,
        ...(withAttributes && { typedSearchAttributes: tenantAttribute(tenant) }),
      });
    await rpc(() => withAttributesOrWithout(start));
    return { requestId, webhookId, target: memo.target };
  }

  async *#list({ status = 'dead', tenant, limit = Infinity }: DeliveryListOptions): AsyncGenerator<DeliverySummary> {
    const seen = new Set<string>();
    let token: Buffer = Buffer.alloc(0);
    let left = limit;
    do {
      const page = await this.#page(status, tenant, token);
      token = page.nextToken;
      const listed = page.workflows.filter(({ memo }) => tenant === undefined || tenantOf(memo) === tenant);
      for (const summary of await Promise.all(listed.map((one) => this.#summary(one, status)))) {
        if (summary === null || seen.has(summary.requestId) || left <= 0) continue;
        seen.add(summary.requestId);
        left--;
        yield summary;
      }
    } while (token.length > 0 && left > 0);
  }

  async #page(status: DeliveryStatus, tenant: string | undefined, token: Buffer): ReturnType<typeof listPage> {
    const conditions = [`WorkflowType = '${DELIVERY_TYPE}'`, QUERIES[status]];
    const ofTenant = tenant === undefined ? [] : [`${SEARCH_ATTRIBUTES.tenant} = '${tenant}'`];
    const list = (withAttributes: boolean): ReturnType<typeof listPage> => {
      const asked = withAttributes ? [...conditions, ...ofTenant] : conditions;
      return listPage(this.#client, asked.join(' AND '), PAGE, token);
    };
    return await this.#rpc('', () => withAttributesOrWithout(list));
  }

  /** Null: another delivery of the request has taken its place, or it is gone. */
  async #summary(listed: ListedWorkflow, status: DeliveryStatus): Promise<DeliverySummary | null> {
    const { workflowId, runId, startedAt, closedAt: endedAt } = listed;
    const requestId = deliveredRequestOf(workflowId);
    const view = await this.#rpc(requestId, () => readPending(this.#client, workflowId)).catch(nullIfGone);
    if (view === null || view.runId !== runId) return null;
    const memo = view.memo as Partial<DeliveryMemo>;
    const { status: requestStatus = '', target = '' } = memo;
    const of = { requestId, tenant: tenantOf(memo), status, requestStatus, target, startedAt, endedAt };
    if (status === 'pending') {
      const [attempt] = view.activities;
      const { attempts = 0 } = (attempt?.heartbeat ?? {}) as Partial<DeliveryProgress>;
      const reason = attempt?.lastFailure?.message ?? null;
      return { ...of, attempts, reason, nextAttemptAt: attempt?.nextAttemptAt ?? null };
    }
    const { attempts, reason } = await this.#rpc(requestId, () => endOf(this.#client, workflowId, runId));
    return { ...of, attempts, reason, nextAttemptAt: null };
  }
}

async function endOf(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<{ attempts: number | null; reason: string | null }> {
  try {
    const { attempts } = (await client.workflow.getHandle(workflowId, runId).result()) as Delivered;
    return { attempts, reason: null };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const [details] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    return { attempts: (details as Partial<Delivered> | undefined)?.attempts ?? null, reason: cause?.message ?? null };
  }
}
