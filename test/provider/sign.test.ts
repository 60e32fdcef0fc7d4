import { describe, expect, test, vi } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import type { SignableRequest, SignRequest } from '../../src/provider/signature.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { startElsewhere } from '../providers/elsewhere.ts';
import { clientFor, CONTEXT, CREDENTIALS, failureOf, until, WORK } from './client-under-test.ts';
import { signedClient, taken } from './signed-client.ts';

describe('what the hook sees', () => {
  test('[N13][N8] every call to the provider as it arrives there: its method, URL, headers and exact body', async () => {
    const answers = [{ id: 'job-1' }, { id: 'job-1', state: 'done' }, { rows: [] }, { state: 'busy' }, { jobs: [] }];
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 200, answers.shift()) });
    const seen: SignableRequest[] = [];
    const sign = (request: SignableRequest) => {
      seen.push(request);
      return { Authorization: `signed ${seen.length}` };
    };
    await using client = signedClient(`${server.url}/v1`, sign);
    await client.process({ ...WORK, data: { text: 'ü"\u2028' } }, CONTEXT);
    expect(await client.status('job-1', CONTEXT)).toMatchObject({ result: { processedData: { rows: [] } } });
    await client.cancel('job-1', CONTEXT);
    await client.find('req_1', CONTEXT);

    const asSeen = seen.map(({ method, url, headers, body }, n) => ({
      method,
      path: url.pathname + url.search,
      body: body ?? '',
      headers: {
        ...headers,
        authorization: `signed ${n + 1}`,
        // Of HTTP itself.
        host: url.host,
        connection: 'keep-alive',
        ...(body !== null && { 'content-length': String(Buffer.byteLength(body)) }),
      },
    }));
    expect(server.calls).toEqual(asSeen);
    expect(seen.map(({ method, url }) => `${method} ${url.href.replace(server.url, '')}`)).toEqual([
      'POST /v1/jobs',
      'GET /v1/jobs/job-1',
      'GET /v1/jobs/job-1/result',
      'DELETE /v1/jobs/job-1',
      'GET /v1/jobs?ref=req_1',
    ]);
    expect(seen[0]?.headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'x-reference': 'req_1',
    });
  });

  test('[N13][N8] no token call is signed', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url, { sign: () => ({ 'x-signature': 'signed-by-us' }) });
    await client.process(WORK, CONTEXT);
    expect(server.calls.map(({ path, headers }) => [path, headers['x-signature']])).toEqual([
      ['/oauth/token', undefined],
      ['/process', 'signed-by-us'],
    ]);
  });

  test('[N13][N8] no result at another origin is signed', async () => {
    await using elsewhere = await startElsewhere('storage.googleapis.com');
    elsewhere.answer = { body: '{}' };
    await using server = await startRawServer({
      onCall: (_call, res) =>
        reply(res, 200, { data: { node: { status: 'COMPLETED', url: 'https://storage.googleapis.com/1.jsonl' } } }),
    });
    const signed: string[] = [];
    await using client = clientFor(server.url, {
      profile: loadProfile('shopify-bulk'),
      credentials: { token: 'key' },
      proxy: new URL(elsewhere.proxy.url),
      tls: { ca: elsewhere.certificate },
      sign: ({ url }) => {
        signed.push(url.origin);
        return { 'x-signature': 'signed-by-us' };
      },
    });
    expect(await client.status('gid://1', CONTEXT)).toMatchObject({ result: { processedData: '{}' } });
    expect(signed).toEqual([server.url]);
    expect(elsewhere.store.ledger.map(({ headers }) => headers['x-signature'])).toEqual([undefined]);
  });

  test('[N13] what it does to what it sees changes nothing of the call', async () => {
    await using server = await startRawServer({ onCall: taken });
    await using client = signedClient(server.url, (request) => {
      request.url.pathname = '/elsewhere';
      expect(() => Object.assign(request.headers, { accept: 'text/html' })).toThrow(TypeError);
      expect(() => Object.assign(request, { body: null })).toThrow(TypeError);
      return {};
    });
    await client.process(WORK, CONTEXT);
    expect(server.calls[0]).toMatchObject({ path: '/jobs', headers: { accept: 'application/json' } });
  });
});

describe('when it is asked', () => {
  test('[N13][N1] after the permit and after beforeSend, as the last thing before the call', async () => {
    const order: string[] = [];
    await using server = await startRawServer({
      onCall: (call, res) => {
        order.push('arrived');
        taken(call, res);
      },
    });
    const sign = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push('signed');
      return {};
    };
    await using client = signedClient(server.url, sign);
    await client.process(WORK, { ...CONTEXT, beforeSend: async () => void order.push('beforeSend') });
    expect(order).toEqual(['beforeSend', 'signed', 'arrived']);
  });

  test('[N13][M9] not before there is a permit: a wait for the budget cannot outlive a signature', async () => {
    await using server = await startRawServer({ onCall: taken });
    const sign = vi.fn<SignRequest>(() => ({}));
    let now = 0;
    await using client = signedClient(server.url, sign, { budget: budgetWith({ limit: 1 }, () => now) });
    await client.process(WORK, CONTEXT);
    const second = client.process(WORK, CONTEXT);
    second.catch(() => {});
    await until(() => server.calls.length === 1);
    expect(sign).toHaveBeenCalledTimes(1);
    now += 120_000;
    await second.catch(() => {});
  });

  test('[N13][N2] a refusal of another call while it signs holds this one back', async () => {
    let limited = false;
    await using server = await startRawServer({
      onCall: (call, res) => (limited ? reply(res, 429, {}, { 'retry-after': '60' }) : taken(call, res)),
    });
    await using client = signedClient(server.url, async ({ method }) => {
      if (method === 'POST') {
        limited = true;
        await failureOf(client.status('job-1', CONTEXT));
      }
      return {};
    });
    expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'coolingDown' });
    expect(server.calls.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('what it may give', () => {
  test.each<[unknown, RegExp]>([
    [{ Accept: 'x' }, /the header "Accept", which the call has already/],
    [{ 'x-reference': 'x' }, /the header "x-reference", which the call has already/],
    [{ 'accept-encoding': 'gzip' }, /which the call has already/],
    [{ 'X-A': 'one', 'x-a': 'two' }, /the header "x-a", which the call has already/],
    [{ Host: 'elsewhere.example' }, /the header "Host", which is not its to set/],
    [{ 'Content-Length': '0' }, /which is not its to set/],
    [{ 'content-type': 'text/plain' }, /which is not its to set/],
    [{ 'Transfer-Encoding': 'chunked' }, /which is not its to set/],
    [{ Connection: 'x-amz-date' }, /which is not its to set/],
    [{ Cookie: 'canary=canary-value' }, /which is not its to set/],
    [{ 'Proxy-Authorization': 'canary-value' }, /which is not its to set/],
    [{ Expect: '100-continue' }, /which is not its to set/],
    [{ 'x y': 'canary-value' }, /a name that no header has/],
    [{ 'Authorization: Bearer canary-value': '' }, /a name that no header has/],
    [{ ['canary-value'.repeat(100)]: '' }, /a name that no header has/],
    [{ '': 'canary-value' }, /a name that no header has/],
    [{ 'x-a\r\nx-b': 'canary-value' }, /a name that no header has/],
    [{ 'x-a': 'canary-value\r\nx-b: 1' }, /the header "x-a", whose value must be a text of visible ASCII/],
    [{ 'x-a': 'canary-välue' }, /whose value must be a text of visible ASCII/],
    [{ 'x-a': 'canary-value\0' }, /whose value must be a text of visible ASCII/],
    [{ 'x-a': '' }, /whose value must be a text of visible ASCII/],
    [{ 'x-a': ' canary-value' }, /whose value must be a text of visible ASCII/],
    [{ 'x-a': 7 }, /whose value must be a text of visible ASCII/],
    [{ 'x-a': ['canary-value'] }, /whose value must be a text of visible ASCII/],
    [new Headers({ 'x-a': 'canary-value' }), /must give an object of header names and values/],
    [[['x-a', 'canary-value']], /must give an object of header names and values/],
    [undefined, /must give an object of header names and values/],
    ['canary-value', /must give an object of header names and values/],
  ])('[N13][N8][N7] %j is refused, the value untold, and nothing is sent', async (given, says) => {
    await using server = await startRawServer({ onCall: taken });
    await using client = signedClient(server.url, () => given as Record<string, string>);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'notSigned', outcome: 'never-sent', retryable: true, requestId: 'req_1' });
    expect(error.message).toMatch(/^Nothing was sent: the sign hook /);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('canary');
    expect(server.connections).toEqual([]);
  });

  test('[N13][N8] what the profile sets stays the profile’s, its credentials too', async () => {
    await using server = await startRawServer();
    await using client = clientFor(server.url, { sign: () => ({ AUTHORIZATION: 'mine' }) });
    const { message } = await failureOf(client.process(WORK, CONTEXT));
    expect(message).toContain('gave the header "AUTHORIZATION", which the call has already');
    expect(server.arrivals()).toEqual([]);
  });
});

test('[N13] beside a hook a profile has its credentials as before', async () => {
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
  await using client = clientFor(server.url, { profile: BUILT_IN, sign: () => ({ 'x-signature': 'signed-by-us' }) });
  await client.process(WORK, CONTEXT);
  expect(server.arrivals()[0]?.headers).toMatchObject({
    'x-api-key': CREDENTIALS.apiKey,
    authorization: 'Bearer token-1',
    'x-signature': 'signed-by-us',
  });
});
