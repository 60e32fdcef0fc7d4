import { z } from 'zod';
import { targetOf, type TargetRules } from '../callbacks/target.ts';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';
import type { JsonValue } from '../contract/request.ts';

/** What a member of a request may be, for whoever takes one: the client, and the gateway with a description of its own. */

/** Whether JSON can carry all of it, the client finds out when it writes it. */
export const requestData = z.custom<JsonValue>((data) => data !== undefined && data !== null, {
  message: 'is required, and anything JSON but null',
});

/** Where the end of a request may be delivered, by these rules; what cannot be seen in a URL is looked at when it is delivered. */
export function callbackUrl(rules: TargetRules) {
  return z.string().transform((text, context) => {
    const target = targetOf(text, rules);
    if ('problem' in target) context.addIssue({ code: 'custom', message: target.problem });
    return text;
  });
}

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { message: 'must be 1 to 255 visible ASCII characters without spaces' });

const LIMIT = 'must be a whole number above 0';

/** How many a list is to have at the most. */
export const listLimit = z.int(LIMIT).min(1, LIMIT);

/** Of a tenant, or of a kind of request. */
export const name = z.string().regex(NAME_PATTERN, { message: `must be ${NAME_EXPECTED}` });
