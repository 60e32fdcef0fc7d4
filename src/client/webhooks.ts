import { webhookProblem } from '../callbacks/standard-webhooks.ts';
import type { DeliveryEvent } from '../contract/delivery.ts';
import { WebhookVerificationError } from './client-errors.ts';

/** The headers of a request, as `node:http`, Express and Fastify have them, or as `fetch` has. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>> | Headers;

/** For whoever receives deliveries. Needs no connection, and no client. */
export const webhooks = {
  /**
   * The event of a delivery, once it is certain that it is ours, and of the last five minutes. Answer with a 2xx then; use
   * `webhook-id` to find out that an event came before.
   *
   * @param rawBody as it came, byte for byte: JSON that was parsed and written again has another signature
   * @param secret `whsec_…`, or several while they are rotated: one of them must have signed it
   * @throws WebhookVerificationError saying what is wrong
   */
  unwrap(rawBody: string | Uint8Array, headers: ReceivedHeaders, secret: string | readonly string[]): DeliveryEvent {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      valueOf(headers, `webhook-${name}`),
    );
    const secrets = [secret].flat();
    if (!secrets.every((one) => typeof one === 'string' && SECRET.test(one))) {
      throw new WebhookVerificationError('cannot be verified: the secret must be whsec_ and Base64');
    }
    if (typeof rawBody !== 'string' && !(rawBody instanceof Uint8Array)) {
      throw new WebhookVerificationError('cannot be verified: the body must be the bytes that came, or their text');
    }
    const problem = webhookProblem(secrets, { id, timestamp, signature }, rawBody, Date.now());
    if (problem !== null) throw new WebhookVerificationError(problem);
    return eventOf(typeof rawBody === 'string' ? rawBody : Buffer.from(rawBody).toString('utf8'));
  },
};

const SECRET = /^(whsec_)?[A-Za-z0-9+/]+=*$/;

function valueOf(headers: ReceivedHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : undefined;
}

/** Who has the secret signed it: whether it is of this kind is all that is asked. */
function eventOf(body: string): DeliveryEvent {
  let event: Partial<DeliveryEvent> | null;
  try {
    event = JSON.parse(body) as Partial<DeliveryEvent> | null;
  } catch {
    throw new WebhookVerificationError('is genuine, and no JSON');
  }
  const isOurs = typeof event?.type === 'string' && event.type.startsWith('request.') && typeof event.data === 'object';
  if (!isOurs) throw new WebhookVerificationError('is genuine, and tells no end of a request');
  return event as DeliveryEvent;
}
