import { createHmac } from 'node:crypto';
import { REQUEST_ID_PATTERN } from '../contract/names.ts';
import { isSameText } from './same-text.ts';

/** Whoever has it can mint links to our requests. */
export interface CallbackKey {
  /** 1 to 16 of `A-Za-z0-9_-`: it stands in each link. */
  readonly id: string;
  readonly secret: Buffer;
}

/** The first mints, all verify. */
export type CallbackKeys = readonly [CallbackKey, ...CallbackKey[]];

export interface CallbackSubject {
  /** The name of the profile. */
  readonly provider: string;
  readonly requestId: string;
}

/** No key of another purpose, and no later form, makes a MAC of this one. */
const PURPOSE = 'durable-external-api callback v1';

/** The last part of the URL that a provider gets: `<key id>.<request id>.<MAC>`. Nothing is stored, so nothing can be lost. */
export function mintToken(key: CallbackKey, subject: CallbackSubject): string {
  return `${key.id}.${subject.requestId}.${macOf(key, subject)}`;
}

/**
 * The request that a token was minted for; null: nobody minted it for this provider, or with a key that is gone.
 * All keys are known, so what is compared in constant time is the MAC alone.
 */
export function verifyToken(keys: CallbackKeys, provider: string, token: string): string | null {
  const [keyId, requestId = '', mac = '', ...more] = token.split('.');
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined || more.length > 0 || !REQUEST_ID_PATTERN.test(requestId)) return null;
  const expected = macOf(key, { provider, requestId });
  // As texts: of two spellings of the same bytes one is ours.
  return isSameText(mac, expected) ? requestId : null;
}

function macOf({ id, secret }: CallbackKey, { provider, requestId }: CallbackSubject): string {
  return createHmac('sha256', secret).update([PURPOSE, id, provider, requestId].join('\n')).digest('base64url');
}
