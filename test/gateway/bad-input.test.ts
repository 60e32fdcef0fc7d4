import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { ACME, problemOf, startGateway } from './running-gateway.ts';

const input = { data: { text: 'hello' } };

describe('bad input', () => {
  test.each<[string, unknown, string[]]>([
    ['no data', {}, ['data']],
    ['null data', { data: null }, ['data']],
    ['a body that is no object', [1], ['']],
    ['an integer that would be another one', '{"data":{"account":[9007199254740993]}}', ['data.account[0]']],
    ['a number that would be another one', '{"data":12345678901234.123456}', ['data']],
    ['a number that would become 0', '{"data":{"n":1e-400}}', ['data.n']],
    ['a number that is none', '{"data":{"n":-1e400}}', ['data.n']],
    ['a member that is there twice', '{"data":{"a":1,"b":2,"a":3}}', ['data.a']],
    ['options that are there twice', '{"data":1,"options":{},"options":{"async":true}}', ['options']],
    ['unknown members', { data: 1, dta: 2, options: { callbackurl: 'x' } }, ['options.callbackurl', 'dta']],
    ['__proto__ as a member', '{"data":1,"__proto__":{"options":1}}', ['__proto__']],
    [
      'options of the wrong types',
      { options: { async: 'yes', callback_url: 1 } },
      ['data', 'options.async', 'options.callback_url'],
    ],
    ['a relative callback', { data: 1, options: { callback_url: '/done' } }, ['options.callback_url']],
    ['a callback of another scheme', { data: 1, options: { callback_url: 'ftp://x/' } }, ['options.callback_url']],
    ['a callback with credentials', { data: 1, options: { callback_url: 'https://u:p@x/' } }, ['options.callback_url']],
  ])('[M12] %s is a 400 that names every problem, and starts nothing', async (_, body, paths) => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    const problem = await problemOf(await post(body));
    expect(problem).toMatchObject({ status: 400, error: 'InvalidRequestError' });
    expect((problem['errors'] as { path: string }[]).map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
    expect(client.requests.size).toBe(0);
  });

  test.each([
    ['{"data":', 'malformed JSON'],
    ['', 'an empty body'],
    ['{"data":"\u00e4"}', 'bytes that are not UTF-8'],
  ])('[M12] %j is a 400: %s', async (body) => {
    const { url } = await startGateway();
    const response = await fetch(`${url}/api/external/process`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ACME}`, 'content-type': 'application/json' },
      body: Buffer.from(body, 'latin1'),
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, error: expect.stringMatching(/Json|Invalid/) });
  });

  test('[M12] data of 64 levels is taken, and of 65 refused, whatever is in them', async () => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    const nested = (levels: number) =>
      `${'[{"a":'.repeat(levels / 2)}${levels % 2 ? '["]"]' : '"[["'}${'}]'.repeat(levels / 2)}`;
    expect((await post(`{"data":${nested(64)}}`)).status).toBe(202);
    expect(client.requests.size).toBe(1);
    const problem = await problemOf(await post(`{"data":${nested(65)}}`));
    expect(problem).toMatchObject({ status: 400, error: 'InvalidRequestError' });
    expect(problem['detail']).toContain('deeper than 64 levels');
    expect(client.requests.size).toBe(1);
  });

  const members = (count: number) => Array.from({ length: count }, (_, n) => `"${n}":0`).join();

  test.each([
    ['deep', '['.repeat(1024 * 1024)],
    ['deep', '{"a":'.repeat(200_000)],
    ['deep', `{"data":${'[['.repeat(500_000)}`],
    ['20000 members', `{"data":{${members(20_000)}}}`],
    ['20000 members', `{"data":[${'{"a":1},'.repeat(100_000)}0]}`],
    ['100000 values', `{"data":[${'0,'.repeat(100_000)}0]}`],
    ['100000 values', `{"data":[${'[],'.repeat(100_000)}[]]}`],
  ])('[M12] what is too much to look through is refused before it is parsed: %s', async (what, body) => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    const parse = vi.spyOn(JSON, 'parse');
    const problem = await problemOf(await post(body));
    const lengths = parse.mock.calls.map(([text]) => text.length);
    parse.mockRestore();
    expect(problem).toMatchObject({ status: 400, error: 'InvalidRequestError' });
    expect(problem['detail']).toContain(what);
    expect(Math.max(0, ...lengths)).toBeLessThan(10_000);
  });

  test('[M12] as many members and values as may be are taken', async () => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    expect((await post(`{"data":{${members(19_999)}}}`)).status).toBe(202);
    expect((await post(`{"data":[${'0,'.repeat(99_997)}0]}`)).status).toBe(202);
  });

  test.each(['gzip', 'br', 'deflate', 'identity, gzip', 'x-unknown'])(
    '[M12] a body in the content coding %s is a 415 that says what is taken, and starts nothing',
    async (coding) => {
      const { client, url } = await startGateway();
      const response = await fetch(`${url}/api/external/process`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${ACME}`,
          'content-type': 'application/json',
          'content-encoding': coding,
        },
        // Also where the field is wrong: it is not looked into.
        body: coding === 'gzip' ? gzipSync(JSON.stringify(input)) : JSON.stringify(input),
      });
      expect(response.headers.get('accept-encoding')).toBe('identity');
      expect(await problemOf(response)).toMatchObject({ status: 415, error: 'UnsupportedMediaTypeError' });
      expect(client.requests.size).toBe(0);
    },
  );

  test('[M12] a body that says it is in no coding is taken', async () => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    expect((await post(input, { 'content-encoding': 'Identity' })).status).toBe(202);
  });

  test.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded'])(
    '[M12] a body of type %s is a 415',
    async (type) => {
      const { post } = await startGateway();
      const response = await post(input, { 'content-type': type });
      expect(response.headers.get('accept')).toBe('application/json');
      expect(await problemOf(response)).toMatchObject({ status: 415 });
    },
  );

  test('[M12][M8] as large as a body may be, the operator says', async () => {
    const { post } = await startGateway({ syncWaitMs: 0, bodyLimit: 2_048 });
    expect(await problemOf(await post({ data: 'x'.repeat(2_048) }))).toMatchObject({
      status: 413,
      error: 'PayloadTooLargeError',
      detail: 'The body is larger than 2 KiB.',
    });
    expect((await post({ data: 'x'.repeat(2_000) })).status).toBe(202);
  });

  test('[M12] a body over 1 MiB is a 413', async () => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    expect(await problemOf(await post({ data: 'x'.repeat(1024 * 1024) }))).toMatchObject({
      status: 413,
      error: 'PayloadTooLargeError',
      detail: 'The body is larger than 1 MiB.',
    });
    expect((await post({ data: 'x'.repeat(1024 * 1000) })).status).toBe(202);
  });
});
