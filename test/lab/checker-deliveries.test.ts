import { expect, test } from 'vitest';
import type { AcceptedRequest } from '../../lab/evidence.ts';
import { callbackOf, type Delivered, type DeliveryEvidence, type ReceiverKind } from '../../lab/receiver-kinds.ts';
import { RULES, type RuleName } from '../../lab/verdict.ts';
import { cancelled, completed, failed, KEY, NO_DELIVERIES, NONE, run } from './forged-evidence.ts';

const told = (receiver: ReceiverKind): AcceptedRequest => ({ ...KEY, callback: callbackOf(receiver, 1) });
const TRUE = { type: 'request.completed', requestId: KEY.requestId, status: 'completed', resultSha256: KEY.sha256 };

/** One delivery that the receiver takes, but for what is said. */
const delivered = (receiver: ReceiverKind, changes: Partial<Delivered> = {}): Delivered => ({
  path: callbackOf(receiver, 1).path,
  at: 100_000,
  webhookId: 'msg_1',
  isGenuine: true,
  says: TRUE,
  statusCode: 204,
  ...changes,
});

/** A run of one request with a receiver, and one without. */
const runOf = (
  receiver: ReceiverKind,
  received: readonly Delivered[],
  changes: Parameters<typeof run>[0] & { evidence?: Partial<DeliveryEvidence> } = {},
) => {
  const { evidence, ...others } = changes;
  const deliveries = { ...NO_DELIVERIES, received, ...evidence };
  return run({ accepted: [told(receiver), NONE], deliveries, ...others });
};

const answered = (statusCode: number | null, at = 100_000): Delivered => delivered('down at first', { statusCode, at });
const gone = (at: number): Delivered => delivered('gone', { statusCode: 410, at });

test.each<[string, RuleName, string, () => ReturnType<typeof run>]>([
  ['an end that was never told', 'delivered', 'req_key', () => runOf('up', [])],
  [
    'an end that only a receiver was told which was down',
    'delivered',
    'req_key',
    () => runOf('down at first', [answered(503)]),
  ],
  [
    'an end whose receiver gave no answer',
    'delivered',
    'req_key',
    () => runOf('answer lost', [delivered('answer lost', { statusCode: null })]),
  ],
  [
    'the end of another request',
    'toldTrue',
    'req_key',
    () => runOf('up', [delivered('up', { says: { ...TRUE, requestId: 'req_none' } })]),
  ],
  [
    "another's result",
    'toldTrue',
    'req_key',
    () => runOf('up', [delivered('up', { says: { ...TRUE, resultSha256: NONE.sha256 } })]),
  ],
  [
    'a type that is not of the status',
    'toldTrue',
    'req_key',
    () => runOf('up', [delivered('up', { says: { ...TRUE, type: 'request.failed' } })]),
  ],
  [
    'an end that was told again by another webhook-id',
    'toldTrue',
    'req_key',
    () => runOf('up', [delivered('up'), delivered('up', { webhookId: 'msg_2' })]),
  ],
  ['a delivery that nobody asked for', 'toldTrue', '(nobody)', () => runOf('up', [delivered('up'), delivered('slow')])],
  ['a false signature', 'signed', 'req_key', () => runOf('up', [delivered('up', { isGenuine: false })])],
  ['a 410 that was told again', 'goneHeeded', 'req_key', () => runOf('gone', [gone(100_000), gone(105_000)])],
  [
    'a 410 that was told again after the death of a worker, and once more',
    'goneHeeded',
    'req_key',
    () => runOf('gone', [gone(100_000), gone(220_000), gone(340_000)], { evidence: { disturbedAt: [100_500] } }),
  ],
  [
    'a redirect that was followed',
    'notForbidden',
    '(all)',
    () =>
      runOf('redirecting', [delivered('redirecting', { statusCode: 302 })], {
        evidence: { forbidden: { connections: 1, tried: 0 } },
      }),
  ],
  [
    'a delivery to a forbidden address',
    'notForbidden',
    '(all)',
    () => runOf('up', [delivered('up')], { evidence: { forbidden: { connections: 1, tried: 6 } } }),
  ],
])('[N12][N16] the checker finds %s', (_, rule, requestId, forged) => {
  expect(forged().violations).toEqual([{ rule: RULES[rule], requestId, evidence: expect.any(String) }]);
});

test('[N12][N16] the checker finds an end that was told with another status than the history has', () => {
  const { violations } = runOf('up', [delivered('up')], { key: failed('failed', { retryable: false }) });
  expect(violations.map(({ rule }) => rule)).toEqual([RULES.delivered, RULES.toldTrue]);
});

test('[N12][N16] what receivers do is no violation: down, late, gone, redirecting, or heard and not answered', () => {
  const lostOnce = [delivered('answer lost', { statusCode: null }), delivered('answer lost')];
  const cancelledEnd = { type: 'request.cancelled', requestId: KEY.requestId, status: 'cancelled', resultSha256: null };
  const honest = [
    runOf('up', [delivered('up')]),
    runOf('up', [delivered('up', { says: cancelledEnd })], { key: cancelled('no_longer_watched') }),
    runOf('down at first', [answered(503), answered(204)]),
    runOf('answer lost', lostOnce),
    runOf('gone', [gone(100_000)]),
    // Nobody heard it.
    runOf('gone', [gone(100_000), gone(220_000)], { evidence: { disturbedAt: [100_500] } }),
    runOf('redirecting', [delivered('redirecting', { statusCode: 302 })]),
    runOf('up', [delivered('up')], { evidence: { forbidden: { connections: 0, tried: 6 } } }),
  ];
  expect(honest.flatMap(({ violations }) => violations)).toEqual([]);
  const [, , , lost, , , redirected] = honest;
  expect(lost?.counts).toMatchObject({ 'deliveries: answer lost': 1, 'deliveries: attempts, answer lost': 2 });
  expect(redirected?.counts).toMatchObject({ 'deliveries: redirected to a forbidden address': 1 });
});

test('[N12][N16] a request that has not ended owes its receiver nothing', () => {
  const { violations } = runOf('up', [], { key: completed(KEY, { end: null, status: null }) });
  expect(violations.map(({ rule }) => rule)).toEqual([RULES.ended]);
});
