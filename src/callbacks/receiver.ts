import { isProviderRequestId } from '../contract/names.ts';
import { parseJson, textOf, valueAt } from '../profile/place.ts';
import type { CallbackKeys } from './link.ts';
import { isSigned, type SignatureScheme, type SignedCall } from './callback-signature.ts';

/** How the callbacks of one provider are known from others', and what they say. */
export interface CallbackReceiver {
  /** The name of the profile. */
  readonly provider: string;
  readonly keys: CallbackKeys;
  /** Where the body has the provider's id of the work, a JSON Pointer; null: what it names is not used. */
  readonly idAt: string | null;
  /** Null: the link alone proves that the provider sent it. */
  readonly signature: { readonly scheme: SignatureScheme; readonly secret: string } | null;
}

/** Whether the provider sent it, if only it has the secret. @param now milliseconds since 1970 */
export function isGenuine({ signature }: CallbackReceiver, call: SignedCall, now: number): boolean {
  return signature === null || isSigned(signature.scheme, signature.secret, call, now);
}

/** The provider's id of the work that the body names; null: there is none, or it could be no id. */
export function idNamedIn({ idAt }: CallbackReceiver, body: Buffer): string | null {
  const id = idAt === null ? null : textOf(valueAt(idAt, parseJson(body.toString('utf8'))));
  return id !== null && isProviderRequestId(id) ? id : null;
}
