import { z } from 'zod';
import type { CallbackKey, CallbackKeys } from '../callbacks/link.ts';
import { bytesOf } from './base64.ts';
import { takeEntries } from './secret-entries.ts';

const EXPECTED = 'id:key, the key as made by openssl rand -base64 32';
const ID = /^[A-Za-z0-9_-]{1,16}$/;
/** As long as what it makes (RFC 2104, section 3). */
const LEAST_BYTES = 32;

/** `id:base64`, separated by commas or line breaks: the first mints links, all are good. */
export const callbackKeys = z.string().transform((value, context): CallbackKeys => {
  const keys: CallbackKey[] = [];
  takeEntries(value, context, EXPECTED, (entry) => {
    const [id = '', base64, ...more] = entry.split(':');
    if (base64 === undefined || more.length > 0) return `must be ${EXPECTED}`;
    if (!ID.test(id)) return 'has a bad id: expected 1 to 16 of A-Z a-z 0-9 _ -';
    if (keys.some((key) => key.id === id)) return 'has the id of an entry before it';
    const secret = bytesOf(base64);
    if (secret === null) return 'has no Base64 after the colon: expected what openssl rand -base64 32 makes';
    if (secret.length < LEAST_BYTES) return `has a key of less than ${LEAST_BYTES} bytes`;
    keys.push({ id, secret });
    return null;
  });
  const [first, ...others] = keys;
  return first === undefined ? z.NEVER : [first, ...others];
});
