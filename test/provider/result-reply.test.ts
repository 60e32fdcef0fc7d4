import { expect, test } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { resultReply } from '../../src/provider/reply-meaning.ts';

const SHOPIFY = loadProfile('shopify-bulk');
const FACTS = { baseUrl: new URL('https://shop.example'), requestId: 'req_1', handle: 'gid://1', clean: String };

const failureOf = (statusCode: number, isElsewhere: boolean): string | null => {
  const reply = { statusCode, headers: {}, retryAfter: null, body: '{"message": "why"}' };
  const meaning = resultReply(SHOPIFY, reply, FACTS, isElsewhere);
  if ('failure' in meaning) return `${meaning.failure}: ${meaning.message}`;
  return 'error' in meaning ? `by its status: ${meaning.error.detail}` : null;
};

const OVER = (status: number): string =>
  `linkExpired: The link to the result is not accepted, or not any more (status: ${status}): why`;
const VERDICT = 'reportedFailure: The provider reported a failure: why';
const BY_STATUS = 'by its status: why';

test.each([
  [200, null, null],
  [202, null, null],
  [302, BY_STATUS, BY_STATUS],
  [400, OVER(400), VERDICT],
  [401, OVER(401), BY_STATUS],
  [403, OVER(403), BY_STATUS],
  [404, OVER(404), BY_STATUS],
  [408, BY_STATUS, BY_STATUS],
  [410, OVER(410), BY_STATUS],
  [421, BY_STATUS, BY_STATUS],
  [422, OVER(422), VERDICT],
  [425, BY_STATUS, BY_STATUS],
  [429, BY_STATUS, BY_STATUS],
  [500, BY_STATUS, BY_STATUS],
])('[N13][M6] a result call that is answered with %i: elsewhere %s, at the provider %s', (status, elsewhere, own) => {
  expect([failureOf(status, true), failureOf(status, false)]).toEqual([elsewhere, own]);
});
