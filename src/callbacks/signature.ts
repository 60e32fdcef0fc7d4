import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Profile } from '../profile/schema.ts';

export type SignatureScheme = NonNullable<NonNullable<Profile['callback']>['signature']>;

export interface SignedCall {
  /** Lower-case names, as Node's parser gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came, byte for byte. */
  readonly body: Buffer;
}

/** How far a sender's clock may be from ours (Standard Webhooks, "Verifying webhook authenticity"). */
const TOLERANCE_S = 300;

/**
 * Whether a callback was signed by who has the secret, as its profile says.
 *
 * @param secret of Standard Webhooks: `whsec_` and Base64, or Base64 alone; else the text itself
 * @param now milliseconds since 1970
 */
export function isSigned(scheme: SignatureScheme, secret: string, call: SignedCall, now: number): boolean {
  return scheme === 'standard-webhooks' ? isStandard(secret, call, now) : hasMac(scheme, secret, call);
}

/** Standard Webhooks 1.0: `webhook-signature` has one signature or several, as keys are rotated. */
function isStandard(secret: string, { headers, body }: SignedCall, now: number): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    single(headers[name]),
  );
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_S) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return signatures.split(' ').some((one) => equal(one, `v1,${mac}`));
}

function hasMac(
  { header, encoding, prefix }: Exclude<SignatureScheme, string>,
  secret: string,
  { headers, body }: SignedCall,
): boolean {
  const given = single(headers[header.toLowerCase()]);
  if (given === undefined) return false;
  const mac = createHmac('sha256', secret).update(body).digest(encoding);
  return equal(
    encoding === 'hex' ? given.toLowerCase() : given,
    (encoding === 'hex' ? prefix.toLowerCase() : prefix) + mac,
  );
}

/** The types of Node know lists of values; its parser makes none of these headers. */
function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
