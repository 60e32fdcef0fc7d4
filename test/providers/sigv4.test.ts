import { AwsV4Signer } from 'aws4fetch';
import { expect, test } from 'vitest';
import { sigV4Problem, type SignedCall } from './sigv4.ts';

/** The suite that AWS published for Signature Version 4: its key, its time, and what it says that comes of a call. */
const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  service: 'service',
};
const DATE = '20150830T123600Z';
const NOW = Date.parse('2015-08-30T12:36:00Z');

const VECTORS: [name: string, method: string, path: string, signature: string][] = [
  ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
];

async function signed(method: string, path: string, body = ''): Promise<SignedCall> {
  const options = { method, url: `https://example.amazonaws.com${path}`, datetime: DATE, ...KEY };
  const { headers } = await new AwsV4Signer({ ...options, ...(body !== '' && { body }) }).sign();
  return { method, path, headers: { host: 'example.amazonaws.com', ...Object.fromEntries(headers) }, body };
}

test.each(VECTORS)('[N13] %s: the signer of the example signs as AWS says', async (_, method, path, signature) => {
  const { headers } = await signed(method, path);
  expect(headers['authorization']).toBe(
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  );
});

test.each(VECTORS)(
  '[N13] %s: the server of these tests accepts what AWS says, and nothing else',
  async (_, method, path) => {
    const call = await signed(method, path);
    expect(sigV4Problem(call, KEY, NOW)).toBeNull();
    expect(sigV4Problem({ ...call, method: 'PUT' }, KEY, NOW)).toBe('wrong signature');
    expect(sigV4Problem({ ...call, path: '/other' }, KEY, NOW)).toBe('wrong signature');
    expect(sigV4Problem({ ...call, body: '{}' }, KEY, NOW)).toBe('wrong signature');
    expect(sigV4Problem(call, { ...KEY, secretAccessKey: 'other' }, NOW)).toBe('wrong signature');
    expect(sigV4Problem({ ...call, headers: { ...call.headers, 'x-amz-target': 'x' } }, KEY, NOW)).toBe(
      'not signed: x-amz-target',
    );
    expect(sigV4Problem(call, KEY, NOW + 6 * 60_000)).toBe(`signature expired: ${DATE}`);
  },
);

test('[N13] a signature is of the body', async () => {
  const call = await signed('POST', '/', '{"a":"ü"}');
  expect(sigV4Problem(call, KEY, NOW)).toBeNull();
  expect(sigV4Problem({ ...call, body: '{"a":"u"}' }, KEY, NOW)).toBe('wrong signature');
});
