import type { TargetRules } from '../callbacks/target.ts';
import { targetOf } from '../callbacks/target.ts';
import { webhookHeaders } from '../callbacks/standard-webhooks.ts';
import { stateForCallers } from '../contract/callers-words.ts';
import type { DeliveryArgs } from '../contract/delivery.ts';
import { brokenCallMessage, codeOf, failureOfBrokenCall } from '../provider/call-failure.ts';
import { parseRetryAfter } from '../provider/retry-after.ts';
import { BrokenCallError, type ReplyHead } from '../provider/transport.ts';
import type { Held } from './target-gate.ts';
import { CALL_MS, CONNECT_MS, type Targets } from './targets.ts';

/** How an attempt ended. */
export type Sent =
  | { outcome: 'delivered'; statusCode: number }
  /** The receiver wants no more of it (410). */
  | { outcome: 'gone'; statusCode: number; reason: string }
  | { outcome: 'failed'; statusCode: number | null; reason: string; retryAfterMs: number | null }
  | ({ outcome: 'held'; reason: string } & Held);

export interface SendOptions {
  rules: TargetRules;
  targets: Targets;
  /** Of the tenant: at least one. */
  secrets: readonly string[];
  /** Milliseconds since 1970. */
  now: () => number;
  signal?: AbortSignal;
}

/** The bytes of a delivery, the same for every attempt. */
function bodyOf({ data }: DeliveryArgs): string {
  return JSON.stringify({ type: `request.${data.status}`, timestamp: data.completed_at, data: stateForCallers(data) });
}

/**
 * One signed POST, which is redirected nowhere. The URL is checked again: what was allowed when its request was taken may not
 * be now, and what it leads to may be another address.
 */
export async function sendDelivery(args: DeliveryArgs, options: SendOptions): Promise<Sent> {
  const { rules, targets, secrets, now, signal } = options;
  const target = targetOf(args.url, rules);
  if ('problem' in target) return refused(`The URL ${target.problem}`);
  const { url } = target;
  const { gate, transport } = targets.of(url);
  const held = gate.enter(now());
  if (held !== null) return { outcome: 'held', reason: whyHeld(url, held), ...held };
  const body = bodyOf(args);
  const timestamp = String(Math.floor(now() / 1000));
  const signed = webhookHeaders(secrets, { id: args.webhookId, timestamp, body });
  let isUp = false;
  try {
    const headers = Object.entries({ 'content-type': 'application/json', 'user-agent': USER_AGENT, ...signed }).flat();
    const request = { method: 'POST', path: `${url.pathname}${url.search}`, headers, body } as const;
    const sent = await transport
      .send(request, signal, () => {})
      .then(
        (reply) => answered(reply, url.origin, now()),
        (error: unknown) => broken(error, url.origin, now()),
      );
    isUp = sent.outcome !== 'failed' || (sent.statusCode !== null && !IN_TROUBLE(sent.statusCode));
    return sent;
  } finally {
    gate.leave(isUp, now());
  }
}

const USER_AGENT = 'durable-external-api';

/** It is asked for less, or has a defect; any other answer is about this delivery alone. */
const IN_TROUBLE = (statusCode: number): boolean => statusCode >= 500 || statusCode === 429;

/** By its status alone. */
function answered({ statusCode, retryAfter }: ReplyHead, origin: string, now: number): Sent {
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'delivered', statusCode };
  if (statusCode === 410) return { outcome: 'gone', statusCode, reason: `${origin} wants no more deliveries (410)` };
  const isRedirect = statusCode >= 300 && statusCode < 400;
  return {
    outcome: 'failed',
    statusCode,
    reason: `${origin} answered ${statusCode}${isRedirect ? ', and redirects are not followed' : ''}`,
    retryAfterMs: retryAfter === null ? null : parseRetryAfter(retryAfter, now),
  };
}

/** No whole answer came. Of one that is too long, or too slow, the status is enough. @throws what is no failure of a call */
function broken(error: unknown, origin: string, now: number): Sent {
  if (!(error instanceof BrokenCallError)) throw error;
  if (error.reason === 'aborted') throw error.cause;
  if (error.head !== null) return answered(error.head, origin, now);
  const { sent, reason, cause } = error;
  const code = codeOf(cause);
  if (code === 'NOT_LOOPBACK') return refused(`${origin} does not lead to this machine`);
  const call = { sent, reason, code, replyStarted: false };
  const times = { timeoutMs: CALL_MS, connectTimeoutMs: CONNECT_MS };
  return refused(brokenCallMessage(failureOfBrokenCall(call), call, origin, times));
}

function refused(reason: string): Sent {
  return { outcome: 'failed', statusCode: null, reason, retryAfterMs: null };
}

function whyHeld({ origin }: URL, { isDown }: Held): string {
  return isDown ? `${origin} is down, and another attempt finds out when it is back` : `${origin} is busy with others`;
}
