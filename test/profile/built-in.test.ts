import { describe, expect, test, vi } from 'vitest';
import { buildCall } from '../../src/profile/build-call.ts';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { readReply } from '../../src/profile/read-reply.ts';
import { tokenUrlOf } from '../../src/profile/token-url.ts';
import { sanitize } from '../../src/provider/error-detail.ts';
import { callFacts, readFacts, REQUEST_ID } from './facts.ts';

/** The cases of test/provider/response-schemas.test.ts, as the built-in profile reads them. */
const profile = loadProfile('data-processing-v2.1');
const baseUrl = new URL('https://provider.example');
const facts = readFacts(profile, { baseUrl, clean: (text) => sanitize(text, []) });

const submitBody = (body: string) => readReply(profile, 'submit', { status: 200, headers: {}, body }, facts);
const submit = (reply: unknown) => submitBody(JSON.stringify(reply));
const poll = (reply: unknown, status = 200) =>
  readReply(profile, 'poll', { status, headers: {}, body: JSON.stringify(reply) ?? '' }, { ...facts, handle: 'job-1' });

test.each<[asked: { async: boolean; callbackUrl: string | null }, body: string]>([
  [{ async: false, callbackUrl: null }, '{"data":{"a":[1,null]},"options":{"async":false}}'],
  [
    { async: true, callbackUrl: 'https://us.example/?a=b' },
    '{"data":{"a":[1,null]},"options":{"async":true,"callback_url":"https://us.example/?a=b"}}',
  ],
])('[M1][M4][N13] a submit with %j goes out byte for byte as before', (asked, body) => {
  const call = buildCall(profile, 'submit', callFacts(profile, { baseUrl, data: { a: [1, null] }, ...asked }));
  expect(call).toMatchObject({ method: 'POST', body, credentials: true });
  expect(call.url.href).toBe('https://provider.example/process');
  expect(call.headers).toEqual([
    ['authorization', 'Bearer <token>'],
    ['x-api-key', '<EXTERNAL_API_KEY>'],
    ['accept', 'application/json'],
    ['content-type', 'application/json'],
    ['idempotency-key', REQUEST_ID],
  ]);
});

test('[M2][N13] the token is asked for where it was before', () => {
  for (const base of ['https://provider.example', 'https://provider.example/', 'https://provider.example/v2.1//']) {
    const prefix = new URL(base).pathname.replace(/\/+$/, '');
    expect(tokenUrlOf(profile, new URL(base))?.href).toBe(`https://provider.example${prefix}/oauth/token`);
  }
});

const RESULT = { processed_data: [1, { a: null }], metadata: { processing_time: 0.5, version: '2.1' } };
const READ_RESULT = { processedData: [1, { a: null }], metadata: { processingTime: 0.5, version: '2.1' } };

test('[M12] numbers of the result that JavaScript does not keep are marked', () => {
  const meta = '"metadata":{"processing_time":0.5,"version":"9007199254740993"}';
  const inexact = (data: string) =>
    submitBody(`{"id":9007199254740993,"result":{"processed_data":${data},${meta}}}`).result?.inexact;
  expect(inexact('{"items":[1,{"id":9007199254740993}],"x":1e400,"y":"9007199254740993"}')).toEqual([
    'items[1].id',
    'x',
  ]);
  expect(inexact('9007199254740993')).toEqual(['']);
  expect(inexact('{"id":123456789012345,"x":1.5e3}')).toBeUndefined();
  expect(inexact(`[${Array.from({ length: 30 }, () => '9007199254740993').join()}]`)).toHaveLength(20);
});

test('[M12] a reply that is full of such numbers, far down in what nobody asked for, is read in time', () => {
  const many = Array.from({ length: 200_000 }, () => '1e999').join();
  const deep = `${'['.repeat(3_000)}${many}${']'.repeat(3_000)}`;
  expect(submitBody(`{"request_id":"job-1","x":${deep},"result":{"processed_data":1}}`)).toMatchObject({
    handle: 'job-1',
    result: { processedData: 1 },
  });
}, 10_000);

test('[M12] what is told of such numbers is short, however deep they are and however long their names', () => {
  const many = Array.from({ length: 1_000 }, () => '1e999').join();
  const deep = `${'['.repeat(1_000_000)}${many}${']'.repeat(1_000_000)}`;
  const long = `{"${'x'.repeat(2_000_000)}":[${many}]}`;
  for (const data of [deep, long]) {
    const { result } = submitBody(`{"success":true,"result":{"processed_data":${data}}}`);
    expect(JSON.stringify(result?.inexact).length).toBeLessThan(20_000);
  }
}, 10_000);

test('[M12] a number beside the result is no number of the result', () => {
  const near = '"processed_data2":9007199254740993,"processed":9007199254740993';
  const body = `{"processed_data":9007199254740993,"result":{"processed_data":[1.5e3],${near}}}`;
  expect(submitBody(body)).toMatchObject({ phase: 'completed', result: { processedData: [1500] } });
  expect(submitBody(body).result).not.toHaveProperty('inexact');
});

describe('submit', () => {
  test.each([
    [
      { success: true, result: RESULT, request_id: 'job-1' },
      { phase: 'completed', handle: 'job-1', result: READ_RESULT },
    ],
    [
      { success: true, request_id: 'job-1' },
      { phase: 'waiting', handle: 'job-1', result: null },
    ],
    [
      { request_id: 'job-1', result: null, new_member: 1 },
      { phase: 'waiting', handle: 'job-1', result: null },
    ],
    [{ result: RESULT }, { phase: 'completed', handle: null, result: READ_RESULT }],
    // A result that cannot be used leaves the id to ask for it.
    [
      { request_id: 'job-1', result: 'later' },
      { phase: 'waiting', handle: 'job-1', result: null },
    ],
    [
      { request_id: 'job-1', result: {} },
      { phase: 'waiting', handle: 'job-1', result: null },
    ],
    // Otherwise than before: it stands in the path as a%2Fb.
    [
      { result: RESULT, request_id: 'a/b' },
      { phase: 'completed', handle: 'a/b', result: READ_RESULT },
    ],
    // Otherwise than before: integers are ids of many providers.
    [{ request_id: 7 }, { phase: 'waiting', handle: '7' }],
  ])('[M1][N10] %j is read', (reply, expected) => {
    expect(submit(reply)).toMatchObject(expected);
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
    expect(submit({ result })).toMatchObject({ phase: 'completed', result: expected });
  });

  test.each([[{}], [{ success: true }], [{ request_id: '' }], [[]], ['job-1'], [null], [{ result: {} }]])(
    '[M12] %j has neither a result nor a request_id',
    (reply) => {
      expect(submit(reply)).toMatchObject({
        phase: 'unreadable',
        why: 'neither a usable result nor a handle of the work: no id at /request_id',
      });
    },
  );

  test('[M6] success: false is a reported failure, with its detail and id', () => {
    expect(submit({ success: false, error: { message: 'no' }, request_id: 'job-1' })).toMatchObject({
      phase: 'failed',
      error: 'no',
      handle: 'job-1',
    });
  });
});

describe('poll', () => {
  test.each([
    ['queued', 'waiting'],
    ['pending', 'waiting'],
    ['processing', 'waiting'],
    ['RUNNING', 'waiting'],
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['Canceled', 'cancelled'],
    ['error', 'failed'],
    ['paused', 'unknown'],
    ['constructor', 'unknown'],
    ['__proto__', 'unknown'],
    ['', 'unknown'],
  ])('[M3][N10] the word %j means %s', (status, phase) => {
    expect(poll({ request_id: 'job-1', status })).toMatchObject({ phase, word: status, result: null });
    expect(poll({ success: true, status })).toMatchObject({ phase, word: status, result: null });
  });

  test.each(['completed', 'Succeeded'])('[M3] %j with a result is completed', (status) => {
    expect(poll({ status, result: RESULT })).toMatchObject({
      phase: 'completed',
      result: READ_RESULT,
      handle: 'job-1',
    });
  });

  test.each([undefined, null, {}, 'done'])('[M3][M6] completed with the result %j has none yet', (result) => {
    expect(poll({ status: 'completed', result })).toMatchObject({ phase: 'completed', result: null });
  });

  test.each([202, 204])('[M3][M6] %i without a status is still at work', (status) => {
    for (const body of [undefined, {}, 'soon', { success: true }]) {
      expect(poll(body, status)).toMatchObject({
        phase: 'waiting',
        word: `HTTP ${status}`,
        result: null,
        handle: 'job-1',
      });
      expect(poll(body)).toMatchObject({ phase: 'unreadable' });
    }
    expect(poll({ success: false }, status)).toMatchObject({ phase: 'failed' });
    expect(poll({ status: 'queued' }, status)).toMatchObject({ phase: 'waiting', word: 'queued' });
  });

  test('[M3][N10] an unknown word with a result and a time of completion is completed', () => {
    const done = { status: 'archived', result: RESULT, completed_at: '2026-01-02T03:04:05Z' };
    expect(poll(done)).toMatchObject({ phase: 'completed', word: 'archived', result: READ_RESULT });
    expect(poll({ ...done, completed_at: null })).toMatchObject({ phase: 'unknown', result: null });
    expect(poll({ ...done, result: null })).toMatchObject({ phase: 'unknown' });
    expect(poll({ ...done, status: 'failed' })).toMatchObject({ phase: 'failed' });
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
    expect(poll({ status: 'queued', created_at: time, completed_at: time })).toMatchObject({
      createdAt: expected,
      completedAt: expected,
    });
  });

  test('[M3] a time without an offset is UTC, wherever we run', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    try {
      expect(new Date('2026-01-02T03:04:05').toISOString()).toBe('2026-01-01T18:04:05.000Z');
      const reading = poll({ status: 'queued', created_at: '2026-01-02T03:04:05' });
      expect(reading.createdAt).toBe('2026-01-02T03:04:05.000Z');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('[M12] the word is cut and cleaned, and so is the error', () => {
    expect(poll({ status: `odd\u0000${'x'.repeat(100)}`, error: 'a\nb' })).toMatchObject({
      word: `odd${'x'.repeat(61)}`,
      error: 'a b',
    });
  });

  // The deliberate differences.
  test('[N10] "false" as text is a failure, and a status that is no text keeps waiting', () => {
    expect(poll({ success: 'false', status: 'completed', result: RESULT })).toMatchObject({ phase: 'failed' });
    expect(poll({ status: { code: 3 } })).toMatchObject({ phase: 'unknown', word: '' });
    expect(poll({ status: 12 })).toMatchObject({ phase: 'unknown', word: '12' });
  });
});
