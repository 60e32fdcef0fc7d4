import { z } from 'zod';
import { MAX_DECIDED_BY, MAX_DECISION_REASON } from '../contract/limits.ts';
import { isProviderRequestId } from '../contract/names.ts';
import { InvalidRequestError } from './errors.ts';
import type { ResolveOptions } from './resolve-request.ts';

/** The members of a decision. Who and why stay readable in the history and in every later status, so they are bounded. */

const WHO = `must say who decides, in at most ${MAX_DECIDED_BY} characters`;
const WHY = `must say why, in at most ${MAX_DECISION_REASON} characters`;

export const decidedBy = z.string(WHO).regex(/\S/, WHO).max(MAX_DECIDED_BY, WHO);
export const decisionReason = z.string(WHY).regex(/\S/, WHY).max(MAX_DECISION_REASON, WHY);

const ADOPTED = "is the provider's id of the work: 1 to 200 of A-Z a-z 0-9 . _ ~ : -";
export const adoptedId = z.string(ADOPTED).refine(isProviderRequestId, ADOPTED);

/** Members that a decision without an adoption may have, but not filled. */
export const NOT_ADOPTED = 'goes with adopt only';

export const UNKNOWN_DECISION = 'must be resubmit, adopt or abandon';

const why = { by: decidedBy, reason: decisionReason };
const schema = z.discriminatedUnion(
  'decision',
  [
    z.object({
      decision: z.enum(['resubmit', 'abandon']),
      providerRequestId: z.undefined(NOT_ADOPTED).optional(),
      ...why,
    }),
    z.object({ decision: z.literal('adopt'), providerRequestId: adoptedId, ...why }),
  ],
  UNKNOWN_DECISION,
);

/** @throws InvalidRequestError naming every problem */
export function checkResolution(decision: ResolveOptions): void {
  const checked = schema.safeParse(decision);
  if (checked.success) return;
  throw new InvalidRequestError(checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}
