import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mintToken } from '../../src/callbacks/link.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { KEY_2, startCallbackStack, type CallbackStack } from './callback-stack.ts';

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
