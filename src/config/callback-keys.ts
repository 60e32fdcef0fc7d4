import { z } from 'zod';
import type { CallbackKey, CallbackKeys } from '../callbacks/link.ts';

const ID = /^[A-Za-z0-9_-]{1,16}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** As long as what it makes (RFC 2104, section 3). */
const LEAST_BYTES = 32;

/**
 * `id:base64`, separated by commas or line breaks: the first mints links, all are good. A bad entry is named by its
 * position alone: it is a secret.
 */
export const callbackKeys = z.string().transform((value, context): CallbackKeys => {
  const keys: CallbackKey[] = [];
  const entries = value.split(/[,\n]/).map((entry) => entry.trim());
  for (const [n, entry] of entries.filter((one) => one !== '').entries()) {
    const [id = '', secret, ...more] = entry.split(':');
    const problem = secret === undefined || more.length > 0 ? EXPECTED : problemWith(id, secret, keys);
    if (problem === null) keys.push({ id, secret: Buffer.from(secret ?? '', 'base64') });
    else context.addIssue({ code: 'custom', message: `entry ${n + 1} ${problem}` });
  }
  const [first, ...others] = keys;
  if (first !== undefined) return [first, ...others];
  if (context.issues.length === 0) context.addIssue({ code: 'custom', message: `has no entry: ${EXPECTED}` });
  return z.NEVER;
});

const EXPECTED = 'must be id:key, the key as made by openssl rand -base64 32';

function problemWith(id: string, secret: string, known: readonly CallbackKey[]): string | null {
  if (!ID.test(id)) return 'has a bad id: expected 1 to 16 of A-Z a-z 0-9 _ -';
  if (known.some((key) => key.id === id)) return 'has the id of an entry before it';
  if (!BASE64.test(secret)) return 'has no Base64 after the colon: expected what openssl rand -base64 32 makes';
  if (Buffer.from(secret, 'base64').length < LEAST_BYTES) return `has a key of less than ${LEAST_BYTES} bytes`;
  return null;
}
