import { createHmac } from 'node:crypto';
import { isSameText } from './same-text.ts';

/** Standard Webhooks 1.0, symmetric signatures (`v1`): how a message is signed, and what may be wrong with one. */

/** How far a sender's clock may be from ours ("Verifying webhook authenticity"). */
const TOLERANCE_S = 300;

export interface WebhookMessage {
  /** Without a full stop. */
  readonly id: string;
  /** Of the attempt: seconds since 1970, as it is sent. */
  readonly timestamp: string;
  /** As it is sent, byte for byte. */
  readonly body: string | Uint8Array;
}

/** The headers of one attempt, with a signature for each secret: a receiver that has one of them takes it. */
export function webhookHeaders(secrets: readonly string[], message: WebhookMessage): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': message.timestamp,
    'webhook-signature': secrets.map((secret) => signatureOf(secret, message)).join(' '),
  };
}

/** Of those headers, as they came. Undefined: it did not. */
export interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/**
 * What is wrong with a message, as the end of a sentence that begins with it; null: who has one of the secrets signed it, lately.
 *
 * @param now milliseconds since 1970
 */
export function webhookProblem(
  secrets: readonly string[],
  { id, timestamp, signature }: WebhookHeaders,
  body: string | Uint8Array,
  now: number,
): string | null {
  if (!id || !timestamp || !signature) return 'has not all of webhook-id, webhook-timestamp and webhook-signature';
  if (!/^\d{1,12}$/.test(timestamp)) return 'has a webhook-timestamp that is no number of seconds';
  const given = signature.split(' ');
  const isSigned = secrets.some((secret) => {
    const expected = signatureOf(secret, { id, timestamp, body });
    return given.some((one) => isSameText(one, expected));
  });
  if (!isSigned) return 'has no signature by this secret';
  const agoS = now / 1000 - Number(timestamp);
  if (agoS > TOLERANCE_S) return `is too old: it was sent ${Math.round(agoS)} s ago, and ${TOLERANCE_S} s are allowed`;
  if (agoS < -TOLERANCE_S) return `was sent ${Math.round(-agoS)} s in the future: one of the two clocks is wrong`;
  return null;
}

function signatureOf(secret: string, { id, timestamp, body }: WebhookMessage): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

/** `whsec_` and Base64, or Base64 alone. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
