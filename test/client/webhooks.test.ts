import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { ExternalApiClient, WebhookVerificationError } from '../../src/client/index.ts';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 4).toString('base64')}`;
const EVENT = {
  type: 'request.completed',
  timestamp: '2026-12-01T12:00:00.000Z',
  data: { request_id: 'req_1', status: 'completed', result: { processed_data: { ü: 1 } } },
};
const BODY = JSON.stringify(EVENT);
const { unwrap } = ExternalApiClient.webhooks;

/** As the specification's own library signs. */
function signed(body = BODY, { secret = SECRET, at = new Date(), id = 'msg_1' } = {}): Record<string, string> {
  const signature = new Webhook(secret).sign(id, at, body);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signature,
  };
}

function problemOf(...args: Parameters<typeof unwrap>): string {
  try {
    unwrap(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookVerificationError);
    return (error as Error).message;
  }
  return 'none';
}

test('[N16] a delivery is unwrapped from text, bytes and any kind of headers, typed by what it tells', () => {
  const headers = signed();
  const bytes = Buffer.from(BODY);
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  for (const event of [
    unwrap(BODY, headers, SECRET),
    unwrap(bytes, headers, SECRET),
    unwrap(new Uint8Array(bytes), new Headers(headers), SECRET),
    unwrap(bytes, upper, SECRET),
    unwrap(bytes, headers, SECRET.slice('whsec_'.length)),
    unwrap(bytes, headers, [OTHER, SECRET]),
  ]) {
    expect(event).toEqual(EVENT);
    if (event.type === 'request.completed') expect(event.data.result.processed_data).toEqual({ ü: 1 });
  }
});

test('[N16] of two signatures, as while a secret is rotated, one has to be by ours', () => {
  const [first, second] = [signed(BODY, { secret: OTHER }), signed()];
  const both = { ...second, 'webhook-signature': `${first['webhook-signature']} ${second['webhook-signature']}` };
  expect(unwrap(BODY, both, SECRET)).toEqual(EVENT);
  expect(unwrap(BODY, both, OTHER)).toEqual(EVENT);
});

const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);

test.each<[title: string, args: Parameters<typeof unwrap>, says: RegExp]>([
  ['another secret', [BODY, signed(), OTHER], /no signature by this secret/],
  ['another body', [`${BODY} `, signed(), SECRET], /no signature by this secret/],
  ['JSON that was written again', [JSON.stringify(EVENT, null, 1), signed(), SECRET], /no signature by this secret/],
  ['another id', [BODY, { ...signed(), 'webhook-id': 'msg_2' }, SECRET], /no signature/],
  ['another time', [BODY, { ...signed(), 'webhook-timestamp': '1' }, SECRET], /no signature/],
  ['a time in words', [BODY, { ...signed(), 'webhook-timestamp': 'now' }, SECRET], /no number of seconds/],
  ['no headers', [BODY, {}, SECRET], /has not all of webhook-id/],
  ['a signature of another version', [BODY, { ...signed(), 'webhook-signature': 'v2,x' }, SECRET], /no signature/],
  [
    'a replay',
    [BODY, signed(BODY, { at: ago(302) }), SECRET],
    /too old: it was sent 30\d s ago, and 300 s are allowed/,
  ],
  ['a time to come', [BODY, signed(BODY, { at: ago(-400) }), SECRET], /in the future: one of the two clocks is wrong/],
  ['no secret', [BODY, signed(), ''], /the secret must be whsec_/],
  ['no secrets', [BODY, signed(), []], /no signature by this secret/],
  ['a parsed body', [EVENT as unknown as string, signed(), SECRET], /must be the bytes that came/],
  ['no JSON', ['{', signed('{'), SECRET], /is genuine, and no JSON/],
  ['another event', ['{"type":"x","data":{}}', signed('{"type":"x","data":{}}'), SECRET], /tells no end of a request/],
  ['null', ['null', signed('null'), SECRET], /tells no end of a request/],
])('[N16][N8] refused, with the reason and without the secret: %s', (_title, args, says) => {
  const problem = problemOf(...args);
  expect(problem).toMatch(says);
  expect(problem).not.toContain(SECRET.slice(6));
});
