import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { processedDataOf } from '../../src/fake-provider/index.ts';
import { Caller } from './caller.ts';

test('[M1] a sync call answers the result with the request_id', async () => {
  await using caller = await Caller.start();
  const { status, body } = await caller.process({ data: { b: [1, 'ü'], a: null } });
  const canonical = '{"a":null,"b":[1,"ü"]}';
  const processed_data = { sha256: createHash('sha256').update(canonical).digest('hex'), bytes: canonical.length + 1 };
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      success: true,
      result: { processed_data, metadata: { processing_time: 0, version: '2.1' } },
      request_id: expect.stringMatching(/^req_[0-9a-f]{20}$/) as string,
    },
  });
  expect(processedDataOf({ a: null, b: [1, 'ü'] })).toEqual(processed_data);
  expect(caller.lastEntry).toMatchObject({
    endpoint: '/process',
    bodySha256: processed_data.sha256,
    providerRequestId: body['request_id'],
    executed: true,
    statusCode: 200,
  });
});

test('[M1][M4] an async call answers an id and no result, with 202 or as set', async () => {
  await using caller = await Caller.start();
  const call = () => caller.process({ data: 1, options: { async: true, callback_url: null } });
  const accepted = await call();
  expect([accepted.status, Object.keys(accepted.body)]).toEqual([202, ['success', 'request_id']]);
  caller.provider.settings.asyncStatusCode = 200;
  expect((await call()).status).toBe(200);
});

test.each([
  ['no API key', { 'x-api-key': '' }, 'the API key is not valid'],
  ['a wrong API key', { 'x-api-key': 'x' }, 'the API key is not valid'],
  ['no token', { authorization: '' }, 'the bearer token is missing'],
  ['another scheme', { authorization: 'Basic eDp4' }, 'the bearer token is missing'],
  ['an unknown token', { authorization: 'Bearer x' }, 'the token is unknown, revoked or expired'],
])('[M2] a call with %s is answered 401 and not executed', async (_title, headers, error) => {
  await using caller = await Caller.start();
  const reply = await caller.process({ data: 1 }, headers);
  expect([reply.status, reply.body]).toEqual([401, { error }]);
  expect(caller.lastEntry).toMatchObject({ executed: false, statusCode: 401, bodySha256: null });
  const status = await caller.fetch('/status/req_x', { headers: { ...caller.headers, ...headers } });
  expect([status.status, status.body]).toEqual([401, { error }]);
});

test.each([
  ['{"data":', 'the body is not JSON'],
  ['[1]', 'the body must be an object {data, options}'],
  ['{}', 'data is missing'],
  ['{"data":null}', 'data is missing'],
  ['{"data":1,"options":1}', 'options must be an object'],
  ['{"data":1,"options":{"async":"yes"}}', 'options.async must be true or false'],
  ['{"data":1,"options":{"callback_url":"/relative"}}', 'options.callback_url must be an absolute http or https URL'],
  [
    '{"data":1,"options":{"callback_url":"ftp://example.com"}}',
    'options.callback_url must be an absolute http or https URL',
  ],
])('[M6] the body %s is answered 400 with what is wrong', async (body, error) => {
  await using caller = await Caller.start();
  const reply = await caller.process(body);
  expect([reply.status, reply.body]).toEqual([400, { error }]);
  expect(caller.lastEntry).toMatchObject({ executed: false, statusCode: 400 });
});

test('[M6] another content type is answered 400', async () => {
  await using caller = await Caller.start();
  const reply = await caller.process({ data: 1 }, { 'content-type': 'text/plain' });
  expect([reply.status, reply.body]).toEqual([400, { error: 'the content type must be application/json' }]);
});

test.each([
  ['GET', '/process', 405],
  ['POST', '/status/x', 405],
  ['GET', '/elsewhere', 404],
])('[M20] %s %s is answered %i and is no call', async (method, path, expected) => {
  await using caller = await Caller.start();
  expect((await caller.fetch(path, { method })).status).toBe(expected);
  expect(caller.provider.ledger).toHaveLength(1);
});
