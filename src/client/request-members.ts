import { z } from 'zod';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';
import type { JsonValue } from '../contract/request.ts';

/** What a member of a request may be, for whoever takes one: the client, and the gateway with a description of its own. */

/** Whether JSON can carry all of it, the client finds out when it writes it. */
export const requestData = z.custom<JsonValue>((data) => data !== undefined && data !== null, {
  message: 'is required, and anything JSON but null',
});

export const callbackUrl = z.string().refine(isCallbackUrl, {
  message: 'must be an absolute http or https URL without credentials, at most 2048 characters',
});

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { message: 'must be 1 to 255 visible ASCII characters without spaces' });

/** Of a tenant, or of a kind of request. */
export const name = z.string().regex(NAME_PATTERN, { message: `must be ${NAME_EXPECTED}` });

/** Whether the provider can be told to call this. */
function isCallbackUrl(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
