import type { Found } from '../contract/activities.ts';
import type { Listed } from '../provider/reply-meaning.ts';

/** As the workflow is told it, but for who asked. */
type FoundWork = Exclude<Found, { found: 'none' }> | { found: 'none' };

interface LookedUpFacts {
  /** As the provider client has it. */
  listedAfterMs: number | 'never' | null;
  /** Since the last submit had surely been sent. */
  passedMs: number;
  /** Whether it was answered with a 2xx. */
  answered: boolean;
}

/**
 * What a list says of a lost submit; null: nothing yet. That it is not there proves nothing, unless the profile says after how
 * long it would be, and the list has nothing at all; and never where the submit was answered: then it did arrive.
 */
export function foundIn({ handles, isEmpty }: Listed, facts: LookedUpFacts): FoundWork | null {
  const [providerRequestId] = handles;
  if (handles.length > 1) return { found: 'several', providerRequestIds: [...handles] };
  if (providerRequestId !== undefined) return { found: 'one', providerRequestId };
  const { listedAfterMs, passedMs, answered } = facts;
  const isLate = typeof listedAfterMs === 'number' && passedMs >= listedAfterMs;
  return isEmpty && isLate && !answered ? { found: 'none' } : null;
}
