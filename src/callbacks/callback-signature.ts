import { createHmac } from 'node:crypto';
import type { Profile } from '../profile/schema.ts';
import { isSameText } from './same-text.ts';
import { webhookProblem } from './standard-webhooks.ts';

export type SignatureScheme = NonNullable<NonNullable<Profile['callback']>['signature']>;

export interface SignedCall {
  /** Lower-case names, as Node's parser gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came, byte for byte. */
  readonly body: Buffer;
}

/**
 * Whether a callback was signed by who has the secret, as its profile says.
 *
 * @param secret of Standard Webhooks: `whsec_` and Base64, or Base64 alone; else the text itself
 * @param now milliseconds since 1970
 */
export function isSigned(scheme: SignatureScheme, secret: string, call: SignedCall, now: number): boolean {
  return scheme === 'standard-webhooks' ? isStandard(secret, call, now) : hasMac(scheme, secret, call);
}

function isStandard(secret: string, { headers, body }: SignedCall, now: number): boolean {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    single(headers[name]),
  );
  return webhookProblem([secret], { id, timestamp, signature }, body, now) === null;
}

function hasMac(
  { header, encoding, prefix }: Exclude<SignatureScheme, string>,
  secret: string,
  { headers, body }: SignedCall,
): boolean {
  const given = single(headers[header.toLowerCase()]);
  if (given === undefined) return false;
  const mac = createHmac('sha256', secret).update(body).digest(encoding);
  return isSameText(
    encoding === 'hex' ? given.toLowerCase() : given,
    (encoding === 'hex' ? prefix.toLowerCase() : prefix) + mac,
  );
}

/** The types of Node know lists of values; its parser makes none of these headers. */
function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
