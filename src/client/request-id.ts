import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 26;

export function randomRequestId(): string {
  return `req_${base32(randomBytes(17))}`;
}

/**
 * The same id for the same tenant, idempotency key and provider, on every machine: the first 130 bits of their SHA-256.
 *
 * @param provider undefined: the built-in one
 */
export function requestIdFor(tenant: string, idempotencyKey: string, provider?: string): string {
  const named = [tenant, idempotencyKey, ...(provider === undefined ? [] : [provider])];
  return `req_${base32(createHash('sha256').update(JSON.stringify(named)).digest())}`;
}

/** The id of the request that repeats `requestId`: a second retry finds the first. No key of a caller contains a blank. */
export function retryIdOf(tenant: string, requestId: string): string {
  return requestIdFor(tenant, `retry of ${requestId}`);
}

/** The first 130 bits of `bytes`, five to a character. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && text.length < LENGTH) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
  }
  return text;
}
