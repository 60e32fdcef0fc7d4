import { afterAll, beforeAll, expect, test } from 'vitest';
import { AnswerCache } from '../../src/answers/answer-cache.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { runCli } from './run-cli.ts';

let stack: InProcessStack;
let env: Record<string, string>;

beforeAll(async () => {
  const answers = new AnswerCache({
    ttlMs: 300_000,
    fallbackMaxAgeMs: 0,
    scope: 'test',
    observer: { answerLookedUp: () => {}, answersUnavailable: () => {} },
    now: Date.now,
  });
  stack = await startInProcessStack({ cache: { answers } });
  env = { TEMPORAL_ADDRESS: stack.temporal.address, TEMPORAL_NAMESPACE: stack.temporal.namespace };
});
afterAll(() => stack[Symbol.asyncDispose]());

async function sourceOf(...args: string[]): Promise<{ source: string; requestId: string }> {
  const { stdout } = await runCli(['process', '--data', '{"cli":1}', '--wait', ...args], { env });
  const request = JSON.parse(stdout) as { source: string; request_id: string };
  return { source: request.source, requestId: request.request_id };
}

test(
  '[M11][C4] an answer is taken from the cache, refreshed, left alone, and forgotten from a shell',
  { timeout: 60_000 },
  async () => {
    const { requestId } = await sourceOf();
    expect((await sourceOf()).source).toBe('cache');
    expect((await sourceOf('--cache', 'refresh')).source).toBe('provider');
    expect((await sourceOf('--cache', 'off')).source).toBe('provider');

    for (const which of [
      ['--request', requestId],
      ['--tenant', 'default', '--data', '{"cli":1}'],
      ['--tenant', 'default'],
    ]) {
      expect((await sourceOf()).source).toBe('cache');
      const { code, stdout } = await runCli(['cache', 'invalidate', ...which], { env });
      expect([code, JSON.parse(stdout)]).toEqual([0, { success: true }]);
      expect((await sourceOf()).source).toBe('provider');
    }
  },
);

test.each<[string[], number, RegExp]>([
  [['--tenant', 'a', '--request', 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV'], 2, /--request names one answer/],
  [[], 2, /say what to forget: --request <id>, or --tenant <name>/],
  [['--data', '1'], 2, /say what to forget/],
  [['--tenant', 'a', '--async'], 2, /--async and --callback-url go with data/],
  [['--tenant', 'a b'], 2, /--tenant must be 1 to 64/],
  [['--tenant', 'a', '--data', '{'], 2, /--data is not JSON/],
  [['--request', `req_${'0'.repeat(26)}`], 3, /There is no request/],
])('[M12] `cache invalidate %j` is refused with %i', async (args, code, says) => {
  const result = await runCli(['cache', 'invalidate', ...args], { env });
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(says);
});
