import type { TargetRules } from '../../src/callbacks/target.ts';
import { deliveryArgsOf, type DeliveryArgs } from '../../src/contract/delivery.ts';
import { endedSnapshot } from '../../src/contract/ended-snapshot.ts';
import { initialState } from '../../src/contract/request.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

export const HERE: TargetRules = { ports: [443], hosts: null, loopback: true };

/** A request that was completed, to be told to `url`. */
export function deliveryTo(url: string): DeliveryArgs {
  const requestId = `req_${'7'.repeat(26)}`;
  const completedAt = '2026-12-01T12:00:00.000Z';
  const state = { ...initialState(requestId, completedAt), status: 'completed', completedAt } as const;
  return deliveryArgsOf(endedSnapshot(state, { tenant: 'acme' }, null), url);
}
