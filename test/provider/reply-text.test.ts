import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { replyText } from '../../src/provider/reply-text.ts';
import { startRawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const TEXT = JSON.stringify({ request_id: 'job-1', note: 'größer' });
const BYTES = Buffer.from(TEXT);

test.each([
  [null, BYTES],
  ['', BYTES],
  ['identity', BYTES],
  ['gzip', gzipSync(BYTES)],
  ['X-GZIP', gzipSync(BYTES)],
  ['deflate', deflateSync(BYTES)],
  ['br', brotliCompressSync(BYTES)],
  ['deflate, gzip', gzipSync(deflateSync(BYTES))],
  // A 204, or a HEAD's shadow: nothing is packed as nothing.
  ['gzip', Buffer.alloc(0)],
])('[M12] Content-Encoding %s is unpacked', async (codings, body) => {
  expect(await replyText(body, codings, 1_000)).toBe(body.length === 0 ? '' : TEXT);
});

test('[M12] a byte-order mark is dropped (RFC 8259, section 8.1)', async () => {
  expect(await replyText(Buffer.from(`\ufeff${TEXT}`), null, 1_000)).toBe(TEXT);
});

test.each([
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), null, 'ERR_ENCODING_INVALID_ENCODED_DATA'],
  ['cut off in a character', BYTES.subarray(0, BYTES.indexOf('ö') + 1), null, 'ERR_ENCODING_INVALID_ENCODED_DATA'],
  ['not packed as it says', BYTES, 'gzip', 'Z_DATA_ERROR'],
  ['more than may be, unpacked', gzipSync(Buffer.alloc(1_001)), 'gzip', 'ERR_BUFFER_TOO_LARGE'],
  ['a coding that is not known', BYTES, 'zstd', 'UNKNOWN_CONTENT_CODING'],
  ['a coding with the name of something else', BYTES, 'constructor', 'UNKNOWN_CONTENT_CODING'],
  ['packed again and again', BYTES, 'gzip, gzip, gzip, gzip', 'UNKNOWN_CONTENT_CODING'],
])('[M12] %s', async (_title, body, codings, code) => {
  await expect(replyText(body, codings, 1_000)).rejects.toMatchObject({ code });
});

describe('on the wire', () => {
  const MAX = 4_096;
  async function meeting(body: Buffer, headers: Record<string, string>, statusCode = 202) {
    await using server = await startRawServer({
      onCall: (_call, res) => void res.writeHead(statusCode, headers).end(body),
    });
    await using client = clientFor(server.url, { maxResponseBytes: MAX });
    const ended = await client.process(WORK, CONTEXT).catch((error: unknown) => error);
    expect(server.calls.map((call) => call.headers['accept-encoding'])).toEqual(['identity', 'identity']);
    return ended;
  }

  test('[M12][N10] gzip that was not asked for, and a byte-order mark, are understood', async () => {
    const marked = Buffer.from(`\ufeff${TEXT}`);
    for (const [body, headers] of [
      [gzipSync(marked), { 'content-encoding': 'gzip' }],
      [marked, {}],
    ] as const) {
      expect(await meeting(body, headers)).toMatchObject({ providerRequestId: 'job-1' });
    }
  });

  test.each([
    ['not UTF-8', Buffer.from([0x7b, 0xff]), {}, 'it is not UTF-8'],
    [
      'too large when unpacked',
      gzipSync(Buffer.alloc(MAX + 1)),
      { 'content-encoding': 'gzip' },
      'too large when unpacked',
    ],
    ['not known', BYTES, { 'content-encoding': 'zstd' }, 'it is packed in a way that was not asked for'],
    ['large headers', BYTES, { 'x-large': 'x'.repeat(17 * 1024) }, 'its headers are larger than 16 KiB'],
  ])('[M12] %s: an unreadable reply that says so', async (_title, body, headers, why) => {
    expect(await meeting(body, headers as Record<string, string>)).toMatchObject({
      failure: 'unreadableReply',
      outcome: 'ambiguous',
      message: expect.stringContaining(why),
    });
  });

  test('[M12] a refusal counts, however it is packed', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => void res.writeHead(429, { 'content-encoding': 'zstd', 'retry-after': '3 ' }).end('x'),
    });
    await using client = clientFor(server.url);
    expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'rateLimited', retryAfter: 3 });
  });
});
