import { WORKFLOW_VERSION, type RequestSnapshot, type RequestState } from './request.ts';
import type { TERMINAL_STATUSES } from './values.ts';
import { snapshotToWire } from './wire-format.ts';

/** What is agreed of deliveries: the signed POST that tells a caller the end of its request (`options.callbackUrl`). */

/** The workflow of one delivery. It runs where its request ran. */
export const DELIVERY_TYPE = 'deliverResult';

/** Attempts of all providers: who delivers needs no credentials of any. */
export const DELIVERY_QUEUE = 'external-api-deliveries';

/** The failure of a delivery that is given up: a dead letter. */
export const DELIVERY_FAILED = 'DeliveryFailed';

const DELIVERY_ID_PREFIX = 'external-api-delivery/';

export function deliveryIdOf(requestId: string): string {
  return DELIVERY_ID_PREFIX + requestId;
}

/** The request that a delivery's workflow tells of. */
export function deliveredRequestOf(workflowId: string): string {
  return workflowId.startsWith(DELIVERY_ID_PREFIX) ? workflowId.slice(DELIVERY_ID_PREFIX.length) : workflowId;
}

/**
 * `webhook-id`: the same for all attempts to tell one end, and for later ones too. A request that an operator reset may end
 * twice. One that was terminated says its end in `updatedAt` only. It has no full stop, which separates what is signed.
 */
export function webhookIdOf({ requestId, completedAt, updatedAt }: RequestState): string {
  return `${requestId}-${Date.parse(completedAt ?? updatedAt).toString(36)}`;
}

/** A request that has ended, as `GET /status/{request_id}` shows it. */
export type WireSnapshot = ReturnType<typeof snapshotToWire>;

type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** What each status promises beside the members that are always there. */
interface Promised {
  completed: { result: NonNullable<WireSnapshot['result']> };
  failed: { error: NonNullable<WireSnapshot['error']> };
  timed_out: { error: NonNullable<WireSnapshot['error']> };
  cancelled: unknown;
}

/** The body of a delivery. `timestamp`: when the request ended, ISO 8601. */
export type DeliveryEvent = {
  [Status in TerminalStatus]: {
    type: `request.${Status}`;
    timestamp: string;
    data: WireSnapshot & { status: Status; completed_at: string } & Promised[Status];
  };
}[TerminalStatus];

/** The one argument of the workflow `deliverResult`, and of its activity. */
export interface DeliveryArgs {
  version: typeof WORKFLOW_VERSION;
  requestId: string;
  tenant: string;
  /** Where to. Its path may be a secret of the caller's: logs and failures name its origin. */
  url: string;
  webhookId: string;
  data: WireSnapshot;
}

/** The delivery of a request that has ended. @param url where to */
export function deliveryArgsOf(request: RequestSnapshot, url: string): DeliveryArgs {
  const { requestId, tenant } = request;
  return {
    version: WORKFLOW_VERSION,
    requestId,
    tenant,
    url,
    webhookId: webhookIdOf(request),
    data: snapshotToWire(request),
  };
}

/** What a list of deliveries shows of one, without a worker. */
export interface DeliveryMemo {
  tenant: string;
  /** As in ProcessRequestArgs. */
  provider?: string;
  /** How the request ended. */
  status: string;
  /** The origin of its URL. */
  target: string;
  /** Who sent it again, and why. */
  redelivered?: { by: string; reason: string };
}

export function deliveryMemoOf({ tenant, url, data: { provider, status } }: DeliveryArgs): DeliveryMemo {
  return { tenant, ...(provider !== undefined && { provider }), status, target: originOf(url) };
}

/** The origin of a URL that was checked; the sandbox of the workflows has no URL parser. */
export function originOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*/.exec(url)?.[0] ?? '';
}

export interface DeliveryActivities {
  /** One attempt. Fails with {@link DELIVERY_FAILED} when it was the last one. */
  deliver(args: DeliveryArgs): Promise<Delivered>;
}

export interface Delivered {
  /** Of the receiver's answer. */
  statusCode: number;
  /** That were made, this one included. */
  attempts: number;
}

/** What an attempt leaves for the next one. Temporal counts attempts that were put off too. */
export interface DeliveryProgress {
  /** That were made, and failed. */
  attempts: number;
  /** In a row: the target was busy, or known to be down. */
  putOff: number;
  /** When the target was first found not to take it: milliseconds since 1970; null: it was not. */
  failingSince: number | null;
}

export const DELIVERY_OUTCOMES = ['delivered', 'failed', 'dead', 'put_off', 'no_secret'] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** One attempt, as it is told of. */
export interface DeliveryRecord {
  requestId: string;
  tenant: string;
  /** The origin. */
  target: string;
  outcome: DeliveryOutcome;
  statusCode: number | null;
  /** Milliseconds; null: nothing was sent. */
  durationMs: number | null;
  /** Attempts that were made. */
  attempts: number;
  /** Milliseconds from the end of the request. */
  lagMs: number;
  /** Why it was not delivered. */
  reason: string | null;
  /** Milliseconds to the next attempt; null: there is none. */
  delayMs: number | null;
}
