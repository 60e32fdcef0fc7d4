import type { LedgerEntry } from 'durable-external-api/testing';
import { CALLBACK_KINDS, type CallbackSeen } from './callback-kinds.ts';
import type { Judgement } from './verdict.ts';

/** What the gateway answered to callbacks, and whether it took a forged one. */
export function checkCallbacks(
  verdict: Judgement,
  callbacks: readonly CallbackSeen[],
  submits: readonly Readonly<LedgerEntry>[],
): void {
  // Of a repeat that was answered with the first one's work only the first one's own answer says when it was known.
  const executed = new Map(
    submits.filter((entry) => entry.executed).map((entry) => [entry.providerRequestId, entry.answeredAt]),
  );
  for (const { kind, requestId, providerRequestId, at, statusCode } of callbacks) {
    verdict.count(`callbacks: ${kind}`, 1);
    const expected = CALLBACK_KINDS[kind];
    if (expected === null) continue;
    const rule = expected === 204 ? 'callbackTaken' : 'forgedRefused';
    const evidence = `${kind}, of the work ${providerRequestId}: answered ${statusCode}, where ${expected} must be`;
    verdict.hold(rule, statusCode === expected, requestId, evidence);
    const answeredAt = executed.get(providerRequestId);
    if (!kind.startsWith('forged') && answeredAt !== undefined && (answeredAt ?? Infinity) > at) {
      verdict.count('callbacks: early, before the submit was answered', 1);
    }
  }
}
