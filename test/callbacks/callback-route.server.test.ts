import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mintToken } from '../../src/callbacks/link.ts';
import { ExternalApiClient } from '../../src/client/index.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { KEY_1, KEY_2, startCallbackStack, type CallbackStack } from './callback-stack.ts';

const POLL = '/status/{request_id}';
const PROVIDER = 'data-processing-v2.1';
let stack: CallbackStack;

beforeAll(async () => {
  stack = await startCallbackStack({ policy: { pollMaxMs: 600_000 } });
});
beforeEach(() => {
  stack.fake.clearFaults();
  Object.assign(stack, { isCut: false });
  Object.assign(stack.fake.settings, { jobDurationMs: 100, callbackCount: 1, callbackDelayMs: 20 });
});
afterAll(() => stack[Symbol.asyncDispose]());

const linkOf = (requestId: string, key = KEY_2): string =>
  `/callbacks/${mintToken(key, { provider: PROVIDER, requestId })}`;

const work = (options: { callbackUrl?: string } = {}) =>
  stack.client.process({ data: { at: performance.now() }, options: { async: true, ...options } });

test('[N4][M4] the provider is given our link, never the URL of the caller; its callback completes the request by one status call', async () => {
  const handle = await work({ callbackUrl: 'https://caller.example/hook' });
  const { status } = await handle.result();
  expect(status).toBe('completed');
  expect(stack.count(handle.requestId, POLL)).toBe(1);
  const sent = await waitUntil('the callback is answered', () =>
    stack.sent.find(({ path }) => path.includes(handle.requestId)),
  );
  expect(sent).toMatchObject({ path: linkOf(handle.requestId), status: 204 });
  expect(JSON.stringify(await stack.events(handle.requestId))).not.toContain(sent.path.split('.')[2]);
});

/** Where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const signals = async (requestId: string): Promise<number> =>
  (await stack.events(requestId)).filter((event) => event.workflowExecutionSignaledEventAttributes).length;

const outcomes = (requestId: string | null) =>
  stack.log
    .filter(({ event, request_id }) => event === 'gateway_callback' && request_id === requestId)
    .map(({ outcome }) => outcome);

/** Work whose provider calls nobody back. */
async function silentWork(jobDurationMs: number) {
  Object.assign(stack.fake.settings, { callbackCount: 0, jobDurationMs });
  const handle = await work();
  await waitUntil('the provider works on it', async () => (await handle.status()).status === 'processing');
  return handle;
}

test('[N3][N4] with callbacks a request takes its submit and one status call, also while nothing is known of its kind', async () => {
  const handles = await Promise.all(Array.from({ length: 50 }, () => work()));
  await Promise.all(handles.map((handle) => handle.result()));
  const ids = new Set(handles.map(({ requestId }) => requestId));
  const calls = stack.calls.filter(({ operation, requestId }) => operation !== 'token' && ids.has(requestId ?? ''));
  expect(calls.length / handles.length).toBeLessThanOrEqual(2.02);
});

test('[N4] a callback that comes before the submit was answered is remembered', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'delay', ms: 1_500 } });
  stack.fake.settings.jobDurationMs = 0;
  const handle = await work();
  await waitUntil('it came', () => stack.sent.some(({ path }) => path.includes(handle.requestId)));
  expect(await handle.status()).toMatchObject({ status: 'submitting' });
  await handle.result();
  expect(stack.count(handle.requestId, POLL)).toBe(1);
});

test('[N4] one that comes twice, and one after the end, are answered 204 and change nothing', async () => {
  stack.fake.settings.callbackCount = 3;
  const handle = await work();
  const { completedAt } = await handle.result();
  expect((await stack.post(linkOf(handle.requestId))).status).toBe(204);
  await waitUntil('all are answered', () => {
    const mine = stack.sent.filter(({ path }) => path.includes(handle.requestId));
    return mine.length === 3 && mine.every(({ status }) => status === 204);
  });
  expect(outcomes(handle.requestId)).toContain('ended');
  expect(await handle.status()).toMatchObject({ status: 'completed', completedAt });
  expect(stack.count(handle.requestId, POLL)).toBe(1);
});

test('[N4] out of order: one that says "completed" while the provider works costs one status call, and the true one another', async () => {
  const handle = await silentWork(2_500);
  const body = JSON.stringify({ request_id: 'another', status: 'completed', result: { processed_data: 'forged' } });
  expect((await stack.post(linkOf(handle.requestId), body)).status).toBe(204);
  await waitUntil('it was looked at', () => stack.count(handle.requestId, POLL) === 1);
  expect(await handle.status()).toMatchObject({ status: 'processing' });
  await waitUntil('the provider is done', async () => {
    const { createdAt } = await handle.status();
    return Date.now() > Date.parse(createdAt) + 3_500;
  });
  await stack.post(linkOf(handle.requestId));
  const { result } = await handle.result();
  expect(result.processedData).toMatchObject({ sha256: expect.any(String) });
  expect(stack.count(handle.requestId, POLL)).toBe(2);
});

test('[N4] a lost callback costs time, not the request: the safety net finds it', async () => {
  await using net = await startCallbackStack({ policy: { pollMaxMs: 1_000 } });
  net.isCut = true;
  Object.assign(net.fake.settings, { jobDurationMs: 0, callbackCount: 1 });
  const handle = await net.client.process({ data: 1, options: { async: true } });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  expect(net.told).toEqual([]);
});

test('[N4][N8][M16] a link that nobody gave out is a 401 for every request, tenant and provider, wakes nobody, and is in no log', async () => {
  const handle = await silentWork(60_000);
  const other = await work();
  const token = (requestId: string, provider = PROVIDER, key = KEY_2) => mintToken(key, { provider, requestId });
  const mac = token(other.requestId).split('.')[2];
  const forged = [
    'x',
    `k2.${handle.requestId}.${mac}`,
    `k2.${handle.requestId}.`,
    token(handle.requestId, 'replicate'),
    token(handle.requestId, PROVIDER, { id: 'k2', secret: Buffer.alloc(32, 9) }),
    token(handle.requestId, PROVIDER, { id: 'gone', secret: KEY_2.secret }),
    `${token(handle.requestId)}.`,
    token(handle.requestId).toLowerCase(),
  ];
  const before = stack.told.length;
  for (const one of forged) {
    const response = await stack.post(`/callbacks/${one}`, 'x'.repeat(100_000));
    expect([one, response.status]).toEqual([one, 401]);
    expect(await response.json()).toMatchObject({ status: 401, error: 'CallbackRefusedError' });
  }
  expect(stack.told.length).toBe(before);
  expect(await signals(handle.requestId)).toBe(0);
  expect(outcomes(null)).toEqual(forged.map(() => 'forged_link'));
  const log = JSON.stringify(stack.log);
  for (const one of [...forged.slice(1), token(handle.requestId)]) expect(log).not.toContain(one);
  expect(stack.log).toContainEqual(
    expect.objectContaining({ event: 'gateway_request', route: '/callbacks/:token', status_code: 401 }),
  );
  await handle.cancel();
});

test('[N4] a genuine link of a request that Temporal has forgotten is a 404', async () => {
  const response = await stack.post(linkOf('req_00000000000000000000000000'));
  expect(response.status).toBe(404);
  expect(outcomes('req_00000000000000000000000000')).toEqual(['forgotten']);
});

test('[N4] an old key still verifies while new links have the new one', async () => {
  const handle = await silentWork(60_000);
  expect((await stack.post(linkOf(handle.requestId, KEY_1))).status).toBe(204);
  expect(await signals(handle.requestId)).toBe(1);
  await handle.cancel();
});

test('[N4] more than 10 MiB is a 413; all else is taken, whatever it is and says', async () => {
  const handle = await silentWork(60_000);
  const link = linkOf(handle.requestId);
  const large = await stack.post(link, Buffer.alloc(10 * 1024 * 1024 + 1));
  expect(large.status).toBe(413);
  expect(outcomes(handle.requestId)).toEqual(['too_large']);
  const bodies: [string | Buffer, Record<string, string>][] = [
    ['', {}],
    ['{"request_id":', { 'content-type': 'application/json' }],
    [Buffer.from([0xff, 0xfe]), { 'content-type': 'application/octet-stream' }],
    ['a=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['x', { 'content-type': 'no type at all' }],
    ['[]', { 'content-type': 'text/plain; charset=latin1' }],
  ];
  const answers = await Promise.all(bodies.map(([body, headers]) => stack.post(link, body, headers)));
  expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 204));
  await handle.cancel();
});

test('[N4] a slow sender is waited for', async () => {
  const handle = await silentWork(60_000);
  const { hostname, port } = new URL(stack.url);
  const sending = request({ hostname, port, method: 'POST', path: linkOf(handle.requestId) });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  for (const part of ['{"request_id":', '"slow"', '}']) {
    sending.write(part);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  sending.end();
  expect((await answered)[0].statusCode).toBe(204);
  await handle.cancel();
});

test('[N4] a flood is passed on once a second, all are answered 204, and only when theirs is recorded', async () => {
  const handle = await silentWork(60_000);
  const link = linkOf(handle.requestId);
  const startedAt = Date.now();
  const answers: number[] = [];
  const flood = async (): Promise<void> => {
    for (let n = 0; n < 4; n++) answers.push((await stack.post(link)).status);
  };
  await Promise.all(Array.from({ length: 100 }, flood));
  const seconds = (Date.now() - startedAt) / 1000;
  expect(answers).toEqual(Array(400).fill(204));
  const told = stack.told.filter((id) => id === handle.requestId).length;
  expect(told).toBeGreaterThanOrEqual(4);
  expect(told).toBeLessThanOrEqual(seconds + 1);
  // The last answer came after its signal was there.
  expect(await signals(handle.requestId)).toBe(told);
  expect(stack.count(handle.requestId, POLL)).toBeLessThanOrEqual(seconds + 1);
  await handle.cancel();
});

test('[N4][N2] while Temporal is away it is a 503 with Retry-After, and the sender’s repeat is taken', async () => {
  const handle = await silentWork(0);
  await using client = ExternalApiClient.connect({
    temporal: { connectionOptions: { address: `127.0.0.1:${await freePort()}` }, namespace: stack.temporal.namespace },
  });
  const away = buildGateway({
    client,
    apiKeys: new Map(),
    syncWaitMs: 0,
    logger: createLogger({ level: 'silent', name: 'gateway' }),
    callbacks: { provider: PROVIDER, keys: [KEY_2], idAt: '/request_id', signature: null },
  });
  const url = await away.listen({ host: '127.0.0.1', port: 0 });
  const refused = await fetch(url + linkOf(handle.requestId), { method: 'POST' });
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([503, 5]);
  await away.close();
  expect((await stack.post(linkOf(handle.requestId))).status).toBe(204);
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('[N4] without PUBLIC_BASE_URL the provider gets no URL, and polls are as often as ever', async () => {
  await using plain = await startCallbackStack({ isPublic: false, policy: { pollMaxMs: 600_000 } });
  Object.assign(plain.fake.settings, { jobDurationMs: 200, callbackCount: 1, callbackDelayMs: 1 });
  const handle = await plain.client.process({
    data: 1,
    options: { async: true, callbackUrl: 'https://caller.example/hook' },
  });
  await handle.result();
  const history = JSON.stringify(await plain.events(handle.requestId));
  expect(Buffer.from(history).toString()).not.toContain('callbackExpected');
  expect(plain.count(handle.requestId, POLL)).toBeGreaterThan(1);
  expect([plain.sent, plain.told]).toEqual([[], []]);
});
