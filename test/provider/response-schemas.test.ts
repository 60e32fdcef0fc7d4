import { isProviderRequestId } from '../../src/contract/names.ts';
import { describe, expect, test, vi } from 'vitest';
import { readProcessReply, readStatusReply, readTokenReply } from '../../src/provider/response-schemas.ts';

const RESULT = { processed_data: [1, { a: null }], metadata: { processing_time: 0.5, version: '2.1' } };
const READ_RESULT = { processedData: [1, { a: null }], metadata: { processingTime: 0.5, version: '2.1' } };

const processReply = (reply: unknown) => readProcessReply(JSON.stringify(reply), null, []);
const statusReply = (reply: unknown, statusCode = 200) =>
  readStatusReply({ statusCode, body: JSON.stringify(reply) ?? '' }, 'job-1', null, []);
const tokenReply = (reply: unknown) => readTokenReply({ body: JSON.stringify(reply) }, ['secret-1']);

test('[M12] numbers of the result that JavaScript does not keep are marked', () => {
  const meta =
    '"metadata":{"processing_time":0.5,"version":"9007199254740993"},"processed_data_of_others":9007199254740993';
  const reading = (data: string) =>
    readProcessReply(`{"id":9007199254740993,"result":{"processed_data":${data},${meta}}}`, null, []);
  const inexact = (data: string) => {
    const said = reading(data);
    return 'value' in said ? said.value.result?.inexact : said;
  };
  expect(inexact('{"items":[1,{"id":9007199254740993}],"x":1e400,"y":"9007199254740993"}')).toEqual([
    'items[1].id',
    'x',
  ]);
  expect(inexact('9007199254740993')).toEqual(['']);
  expect(inexact('{"id":123456789012345,"x":1.5e3}')).toBeUndefined();
  expect(inexact(`[${Array.from({ length: 30 }, () => '9007199254740993').join()}]`)).toHaveLength(20);
  const body = '{"status":"completed","result":{"processed_data":[12345678901234.123456]}}';
  expect(readStatusReply({ statusCode: 200, body }, 'job-1', null, [])).toMatchObject({
    value: { result: { processedData: [12345678901234.123], inexact: ['[0]'] } },
  });
});

test('[M12] a reply that is full of such numbers, far down in what nobody asked for, is read in time', () => {
  const many = Array.from({ length: 200_000 }, () => '1e999').join();
  const deep = `${'['.repeat(3_000)}${many}${']'.repeat(3_000)}`;
  const said = readProcessReply(`{"request_id":"job-1","x":${deep},"result":{"processed_data":1}}`, null, []);
  expect(said).toMatchObject({ value: { providerRequestId: 'job-1', result: { processedData: 1 } } });
}, 10_000);

describe('process', () => {
  test.each([
    [
      { success: true, result: RESULT, request_id: 'job-1' },
      { providerRequestId: 'job-1', result: READ_RESULT },
    ],
    [
      { success: true, request_id: 'job-1' },
      { providerRequestId: 'job-1', result: null },
    ],
    [
      { request_id: 'job-1', result: null, new_member: 1 },
      { providerRequestId: 'job-1', result: null },
    ],
    [{ result: RESULT }, { providerRequestId: null, result: READ_RESULT }],
    // A result that cannot be used leaves the id to ask for it.
    [
      { request_id: 'job-1', result: 'later' },
      { providerRequestId: 'job-1', result: null },
    ],
    [
      { request_id: 'job-1', result: {} },
      { providerRequestId: 'job-1', result: null },
    ],
    [
      { result: RESULT, request_id: 'a/b' },
      { providerRequestId: null, result: READ_RESULT },
    ],
  ])('[M1][N10] %j is read', (reply, expected) => {
    expect(processReply(reply)).toEqual({ value: { ...expected, retryAfterMs: null } });
  });

  test.each([
    [{ processed_data: null }, { processedData: null, metadata: { processingTime: null, version: null } }],
    [
      { processed_data: 0, metadata: null },
      { processedData: 0, metadata: { processingTime: null, version: null } },
    ],
    [
      { processed_data: '', metadata: { processing_time: 'fast', version: 2, extra: 1 } },
      { processedData: '', metadata: { processingTime: null, version: null } },
    ],
  ])('[N10] metadata that is missing or odd becomes null: %j', (result, expected) => {
    expect(processReply({ result })).toMatchObject({ value: { result: expected } });
  });

  test.each([[{}], [{ success: true }], [{ request_id: '' }], [{ request_id: 7 }], [[]], ['job-1'], [null]])(
    '[M12] %j has neither a result nor a request_id',
    (reply) => {
      expect(processReply(reply)).toMatchObject({ failure: 'unreadableReply' });
    },
  );

  test('[M6] success: false is a reported failure, with its detail and id', () => {
    expect(processReply({ success: false, error: { message: 'no' }, request_id: 'job-1' })).toEqual({
      failure: 'reportedFailure',
      message: 'The provider reported a failure: no',
      providerRequestId: 'job-1',
    });
  });
});

describe('status', () => {
  test.each([
    ['queued', 'waiting'],
    ['pending', 'waiting'],
    ['processing', 'waiting'],
    ['RUNNING', 'waiting'],
    ['failed', 'failed'],
    ['cancelled', 'failed'],
    ['Canceled', 'failed'],
    ['error', 'failed'],
    ['paused', 'unknown'],
    ['constructor', 'unknown'],
    ['__proto__', 'unknown'],
    ['', 'unknown'],
  ])('[M3][N10] the word %j means %s', (status, phase) => {
    expect(statusReply({ request_id: 'job-1', status })).toMatchObject({ value: { status, phase, result: null } });
  });

  test.each(['completed', 'Succeeded'])('[M3] %j with a result is completed', (status) => {
    expect(statusReply({ status, result: RESULT })).toMatchObject({
      value: { phase: 'completed', result: READ_RESULT, providerRequestId: 'job-1' },
    });
  });

  test.each([undefined, null, {}, 'done'])('[M3][M6] completed with the result %j has none yet', (result) => {
    expect(statusReply({ status: 'completed', result })).toMatchObject({ value: { phase: 'completed', result: null } });
  });

  test.each([202, 204])('[M3][M6] %i without a status is still at work', (statusCode) => {
    for (const body of [undefined, {}, 'soon']) {
      expect(statusReply(body, statusCode)).toMatchObject({
        value: { phase: 'waiting', status: `HTTP ${statusCode}`, result: null, providerRequestId: 'job-1' },
      });
      expect(statusReply(body)).toMatchObject({ failure: 'unreadableReply' });
    }
    expect(statusReply({ success: false }, statusCode)).toMatchObject({ failure: 'reportedFailure' });
    expect(statusReply({ status: 'queued' }, statusCode)).toMatchObject({ value: { status: 'queued' } });
  });

  test('[M3][N10] an unknown word with a result and a time of completion is completed', () => {
    const done = { status: 'archived', result: RESULT, completed_at: '2026-01-02T03:04:05Z' };
    expect(statusReply(done)).toMatchObject({ value: { phase: 'completed', status: 'archived', result: READ_RESULT } });
    expect(statusReply({ ...done, completed_at: null })).toMatchObject({ value: { phase: 'unknown' } });
    expect(statusReply({ ...done, result: null })).toMatchObject({ value: { phase: 'unknown' } });
    expect(statusReply({ ...done, status: 'failed' })).toMatchObject({ value: { phase: 'failed' } });
  });

  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678901Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-02-30T03:04:05Z', null],
    ['02/01/2026', null],
    ['-1', null],
    [1767323045, null],
    [null, null],
    [undefined, null],
  ])('[M3] the time %j is %j', (time, expected) => {
    expect(statusReply({ status: 'queued', created_at: time, completed_at: time })).toMatchObject({
      value: { createdAt: expected, completedAt: expected },
    });
  });

  test('[M3] a time without an offset is UTC, wherever we run', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    try {
      expect(new Date('2026-01-02T03:04:05').toISOString()).toBe('2026-01-01T18:04:05.000Z');
      const reply = statusReply({ status: 'queued', created_at: '2026-01-02T03:04:05' });
      expect(reply).toMatchObject({ value: { createdAt: '2026-01-02T03:04:05.000Z' } });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('[M12] the word is cut and cleaned, and so is the error', () => {
    const reply = statusReply({ status: `odd\u0000${'x'.repeat(100)}`, error: 'a\nb' });
    expect(reply).toMatchObject({ value: { status: `odd${'x'.repeat(61)}`, error: 'a b' } });
  });
});

test.each([
  [{ access_token: 'abc', expires_in: 60 }, 60],
  [{ access_token: 'abc', expires_in: '60' }, 60],
  [{ access_token: 'abc', expires_in: '-1.5' }, -1.5],
  [{ access_token: 'abc', expires_in: 0 }, 0],
  [{ access_token: 'abc', expires_in: '' }, null],
  [{ access_token: 'abc', expires_in: null }, null],
  [{ access_token: 'abc', expires_in: true }, null],
  [{ access_token: 'abc' }, null],
])('[M2] %j lives %s seconds', (reply, expiresIn) => {
  expect(tokenReply(reply)).toEqual({ value: { accessToken: 'abc', expiresIn } });
});

test.each([
  [{ error: 'invalid_client', error_description: 'not secret-1' }, 'invalidClient', 'invalid_client (not [redacted])'],
  [{ error: 'incorrect_client_credentials' }, 'tokenRefused', 'incorrect_client_credentials'],
])('[M2][M6] a 200 that says %j is a refusal', (reply, failure, message) => {
  expect(tokenReply(reply)).toEqual({ failure, message });
});

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

test.each(['a', 'job_1.2~3:4-5', '...', 'x'.repeat(200)])('[M12][N8] %j can stand in a path', (id) => {
  expect(isProviderRequestId(id)).toBe(true);
});

test.each(['', '.', '../unit', 'a/b', 'a\n', 'x'.repeat(201)])('[M12][N8] %j cannot stand in a path', (id) => {
  expect(isProviderRequestId(id)).toBe(false);
});
