import { expect, test } from 'vitest';
import { readTokenReply } from '../../src/provider/token-reply.ts';

const tokenReply = (reply: unknown) => readTokenReply({ statusCode: 200, body: JSON.stringify(reply) }, ['secret-1']);

test('[M2] a token is bounded', () => {
  expect(tokenReply({ access_token: 'x'.repeat(16 * 1024) })).toHaveProperty('value');
  expect(tokenReply({ access_token: 'x'.repeat(16 * 1024 + 1) })).toMatchObject({
    failure: 'unreadableReply',
    message: expect.stringContaining('has 16385 characters, and at most 16384 can be sent'),
  });
});

test.each([
  [{}, 'it has no access_token'],
  [{ access_token: 12 }, 'it has no access_token'],
  [{ access_token: 'can ary' }, 'its access_token cannot be sent in a header: expected visible ASCII characters'],
  [{ access_token: 'canary', token_type: 'mac' }, 'its token_type is another one: expected Bearer'],
  [{ access_token: 'canary', token_type: 7 }, 'its token_type is no string: expected Bearer'],
])('[M2][M6][N7] what is wrong with %j is named, and not shown', (reply, why) => {
  expect(tokenReply(reply)).toEqual({ failure: 'unreadableReply', message: `Unreadable reply: ${why}` });
});
