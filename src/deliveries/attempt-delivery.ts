import type { TargetRules } from '../callbacks/target.ts';
import { originOf, type DeliveryArgs, type DeliveryProgress, type DeliveryRecord } from '../contract/delivery.ts';
import { afterFailure, afterNoSecret, afterPutOff, type Next } from './delivery-plan.ts';
import { sendDelivery } from './send-delivery.ts';
import type { Targets } from './targets.ts';

export interface DeliveryObserver {
  attempted(record: DeliveryRecord): void;
}

export interface DeliveryDeps {
  rules: TargetRules;
  targets: Targets;
  /** Of a tenant, as they are now; several at once while they are rotated. */
  secretsOf: (tenant: string) => readonly string[];
  observer: DeliveryObserver;
  random: () => number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** One attempt: what came of it, and what the next one must know. */
export async function attemptDelivery(
  args: DeliveryArgs,
  earlier: DeliveryProgress,
  deps: DeliveryDeps,
  signal?: AbortSignal,
): Promise<{ record: DeliveryRecord; progress: DeliveryProgress }> {
  const { requestId, tenant, url, data } = args;
  const { random, now } = deps;
  const endedAt = Date.parse(data.completed_at ?? data.updated_at);
  const none = { requestId, tenant, target: originOf(url), statusCode: null, durationMs: null };
  const told = (
    facts: Pick<DeliveryRecord, 'outcome' | 'reason'> & Partial<DeliveryRecord>,
    { progress, delayMs }: Next,
  ) => ({ record: { ...none, ...facts, attempts: progress.attempts, lagMs: now() - endedAt, delayMs }, progress });

  const secrets = deps.secretsOf(tenant);
  if (secrets.length === 0) {
    const reason = `No secret to sign with: there is none of the tenant ${tenant} (DELIVERY_SECRETS)`;
    return told({ outcome: 'no_secret', reason }, afterNoSecret(earlier, random()));
  }
  const startedAt = performance.now();
  const { rules, targets } = deps;
  const sent = await sendDelivery(args, { rules, targets, secrets, now, ...(signal && { signal }) });
  const durationMs = performance.now() - startedAt;
  const chance = { now: now(), random: random() };
  if (sent.outcome === 'held') {
    const next = afterPutOff(earlier, { ...chance, ...sent });
    return told({ outcome: next.delayMs === null ? 'dead' : 'put_off', reason: sent.reason }, next);
  }
  const { statusCode } = sent;
  if (sent.outcome === 'failed') {
    const next = afterFailure(earlier, { ...chance, retryAfterMs: sent.retryAfterMs });
    return told(
      { outcome: next.delayMs === null ? 'dead' : 'failed', reason: sent.reason, statusCode, durationMs },
      next,
    );
  }
  const last = { progress: { ...earlier, attempts: earlier.attempts + 1 }, delayMs: null };
  if (sent.outcome === 'gone') return told({ outcome: 'dead', reason: sent.reason, statusCode, durationMs }, last);
  return told({ outcome: 'delivered', reason: null, statusCode, durationMs }, last);
}
