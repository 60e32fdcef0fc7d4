import { describe, expect, test } from 'vitest';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, CREDENTIALS, failureOf, WORK } from './client-under-test.ts';

/** What `process` makes of one answer. */
async function failureOfAnswer(statusCode: number, body: unknown, headers: Record<string, string> = {}) {
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, statusCode, body, headers) });
  await using client = clientFor(server.url);
  const error = await failureOf(client.process(WORK, CONTEXT));
  expect(client.records.at(-1)).toMatchObject({
    operation: 'submit',
    statusCode,
    failure: error.failure,
    outcome: error.outcome,
    errorType: error.type,
  });
  return { error, arrivals: server.arrivals() };
}

describe('answers that are not 2xx', () => {
  const rows: [
    statusCode: number,
    headers: Record<string, string>,
    failure: string,
    outcome: string,
    message: string,
  ][] = [
    [400, {}, 'rejected', 'final', 'Bad Request: why'],
    [403, {}, 'forbidden', 'final', 'Unknown error (status: 403): why'],
    [404, {}, 'declined', 'final', 'Unknown error (status: 404): why'],
    [409, {}, 'declined', 'final', 'Unknown error (status: 409): why'],
    [413, {}, 'rejected', 'final', 'Unknown error (status: 413): why'],
    [422, {}, 'rejected', 'final', 'Unknown error (status: 422): why'],
    [429, { 'retry-after': '7' }, 'rateLimited', 'refused', 'Rate Limit Exceeded: why'],
    [429, {}, 'rateLimited', 'refused', 'Rate Limit Exceeded: why'],
    [500, {}, 'serverError', 'ambiguous', 'Internal Server Error: why'],
    [502, {}, 'serverError', 'ambiguous', 'Unknown error (status: 502): why'],
    [503, { 'retry-after': '7' }, 'unavailableUntil', 'refused', 'Service Unavailable: why'],
    [503, {}, 'serverError', 'ambiguous', 'Service Unavailable: why'],
    [503, { 'retry-after': 'soon' }, 'serverError', 'ambiguous', 'Service Unavailable: why'],
    [504, {}, 'serverError', 'ambiguous', 'Unknown error (status: 504): why'],
  ];
  test.each(rows)('[M5][M6] %i %j -> %s, %s', async (statusCode, headers, failure, outcome, message) => {
    const { error, arrivals } = await failureOfAnswer(statusCode, { error: 'why' }, headers);
    expect(error).toMatchObject({ failure, outcome, statusCode, message, requestId: CONTEXT.requestId });
    expect(error.retryAfter).toBe(headers['retry-after'] === '7' ? 7 : null);
    expect(arrivals).toHaveLength(1);
  });

  test('[M5] a Retry-After that is a date becomes seconds', async () => {
    const at = new Date(Date.now() + 90_000).toUTCString();
    const { error } = await failureOfAnswer(429, {}, { 'retry-after': at });
    expect(error.retryAfter).toBeGreaterThan(60);
    expect(error.retryAfter).toBeLessThanOrEqual(90);
  });

  test('[M6] the status counts even when the body behind it is cut off', async () => {
    await using server = await startRawServer({
      onCall: (_call, _res, socket) =>
        void socket.end('HTTP/1.1 429 Too Many\r\nretry-after: 3\r\ncontent-length: 99\r\n\r\n{"err'),
    });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'rateLimited', outcome: 'refused', retryAfter: 3 });
  });

  test('[N8] a redirect is not followed, and its target learns nothing', async () => {
    await using target = await startRawServer();
    for (const statusCode of [301, 302, 303, 307, 308]) {
      const { error } = await failureOfAnswer(statusCode, '', { location: `${target.url}/process` });
      expect(error).toMatchObject({ failure: 'redirected', outcome: 'final', statusCode });
    }
    expect(target.connections).toEqual([]);
  });

  test('[N8] a redirect of the token call is not followed either', async () => {
    await using target = await startRawServer();
    await using server = await startRawServer({
      onToken: (_call, res) => reply(res, 307, '', { location: `${target.url}/oauth/token` }),
    });
    await using client = clientFor(server.url);
    expect(await failureOf(client.authenticate(CONTEXT))).toMatchObject({ failure: 'redirected' });
    expect(target.connections).toEqual([]);
  });
});

describe('what an error says', () => {
  test('[N7] credentials that the provider echoes are taken out', async () => {
    await using server = await startRawServer({
      onCall: ({ headers }, res) => {
        reply(res, 400, {
          error: `no: ${String(headers['x-api-key'])} ${headers.authorization} ${CREDENTIALS.clientSecret}`,
        });
      },
    });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error.message).toBe('Bad Request: no: [redacted] Bearer [redacted] [redacted]');
  });

  test('[M6][M12] an object with a message is a detail too; anything else is none', async () => {
    expect((await failureOfAnswer(500, { error: { message: 'disk\u0000 full\n' } })).error.message).toBe(
      'Internal Server Error: disk full',
    );
    expect((await failureOfAnswer(500, '<html>')).error.message).toBe('Internal Server Error');
    expect((await failureOfAnswer(500, { error: 17 })).error.message).toBe('Internal Server Error');
  });
});

describe('2xx that are no success', () => {
  const result = { processed_data: 1, metadata: { processing_time: 0.5, version: '2.1' } };
  const rows: [title: string, body: unknown, failure: string, message: string][] = [
    ['not JSON', '<html>', 'unreadableReply', 'Unreadable reply: it is no JSON'],
    ['empty', '', 'unreadableReply', 'Unreadable reply: it is no JSON'],
    [
      'neither result nor request_id',
      { success: true },
      'unreadableReply',
      'Unreadable reply: neither a usable result nor a handle of the work: no id at /request_id',
    ],
    [
      'a request_id that cannot stand in a path',
      { request_id: '../x' },
      'unreadableReply',
      'Unreadable reply: neither a usable result nor a handle of the work: no id at /request_id',
    ],
    [
      'success: false',
      { success: false, error: 'bad data', result },
      'reportedFailure',
      'The provider reported a failure: bad data',
    ],
  ];
  test.each(rows)('[M6][M12] process: %s', async (_title, body, failure, message) => {
    const { error, arrivals } = await failureOfAnswer(200, body);
    expect(error).toMatchObject({ failure, message, statusCode: 200 });
    expect(arrivals).toHaveLength(1);
  });

  test('[M12] process: a reply over the limit -> unreadableReply', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => reply(res, 200, { request_id: 'job-1', more: 'x'.repeat(5_000) }),
    });
    await using client = clientFor(server.url, { maxResponseBytes: 4_096 });
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'unreadableReply', outcome: 'ambiguous', statusCode: 200 });
    expect(error.message).toMatch(/too large$/);
  });

  const statusRows: [title: string, body: unknown, failure: string][] = [
    ['no status', { request_id: 'job-1' }, 'unreadableReply'],
    ['about another request', { request_id: 'job-2', status: 'completed', result }, 'unreadableReply'],
    ['success: false', { success: false, error: 'gone' }, 'reportedFailure'],
  ];
  test.each(statusRows)('[M3][M12] status: %s', async (_title, body, failure) => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 200, body) });
    await using client = clientFor(server.url);
    const error = await failureOf(client.status('job-1', CONTEXT));
    expect(error).toMatchObject({ failure, statusCode: 200, providerRequestId: 'job-1', requestId: 'req_1' });
  });
});
