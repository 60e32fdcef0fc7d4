import { expect, test } from 'vitest';
import { workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal, startOwnTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const TIMEOUT = { timeout: 90_000 };

/** The pending activity of each request: its name, and how often it was tried. */
async function pending(stack: InProcessStack, ids: readonly string[]) {
  return await Promise.all(
    ids.map(async (id) => {
      const { raw } = await stack.temporal.client.workflow.getHandle(workflowIdOf(id)).describe();
      const activity = raw.pendingActivities?.[0];
      return { name: activity?.activityType?.name ?? null, attempt: activity?.attempt ?? 0 };
    }),
  );
}

test(
  '[N15] S1: polls have a queue and slots of their own: submits that fill theirs hold no poll up',
  TIMEOUT,
  async () => {
    await using stack = await startInProcessStack({
      policy: { pollInitialMs: 4_000, pollMaxMs: 4_000 },
      provider: { maxConnections: 300, timeoutMs: 25_000 },
    });
    stack.fake.settings.jobDurationMs = 1_000;
    const job = await stack.client.process({ data: 'job', options: { async: true } });
    await waitUntil('it waits for its first poll', async () => (await job.status()).waitingFor?.until);
    // As many as the submits have slots.
    stack.fake.script({ endpoint: '/process', times: 100, fault: { kind: 'delay', ms: 12_000 } });
    const slow = await Promise.all(Array.from({ length: 120 }, (_, n) => stack.client.process({ data: { n } })));
    const answered = (): number =>
      slow.filter(({ requestId }) =>
        stack.fake.ledger.some(({ idempotencyKey, answeredAt }) => idempotencyKey === requestId && answeredAt !== null),
      ).length;
    await waitUntil(
      'they fill the slots',
      () => stack.fake.ledger.filter(({ answeredAt }) => answeredAt === null).length === 100,
    );
    expect(await job.result()).toMatchObject({ status: 'completed' });
    expect(answered()).toBe(0);
    await Promise.all(slow.map((handle) => handle.result()));
    const queues = (await stack.events(job.requestId)).flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.taskQueue?.name ?? [],
    );
    expect(queues).toEqual(['external-api', 'external-api-calls', 'external-api-polls']);
  },
);

test.each([
  ['with', {}],
  ['without', { 'matching.useNewMatcher': 'false', 'matching.enableFairness': 'false' }],
])(
  '[N3][N15] S1: 100 jobs of a second at 40 calls per 5 s, %s the new matcher: from the second window on 3 calls in 10 finish one',
  { timeout: 180_000 },
  async (_which, dynamicConfig) => {
    const [limit, windowMs] = [40, 5_000];
    const server = await startOwnTemporal(dynamicConfig);
    try {
      await using stack = await startInProcessStack({
        temporal: await connectToTemporal({ address: server.address }),
        budget: { limit, windowMs },
        policy: { pollInitialMs: 1_000 },
      });
      stack.fake.settings.jobDurationMs = 1_000;
      const handles = await Promise.all(
        Array.from({ length: 100 }, (_, n) => stack.client.process({ data: { n }, options: { async: true } })),
      );
      await Promise.all(handles.map((handle) => handle.result({ timeout: '150 seconds' })));
      const { ledger } = stack.fake;
      const start = ledger[0]!.arrivedAt;
      const windowOf = (at: number): number => Math.floor((at - start) / windowMs);
      const finishedIn = new Map(
        ledger.flatMap(({ endpoint, idempotencyKey, arrivedAt }) =>
          endpoint === '/status/{request_id}' ? [[idempotencyKey, windowOf(arrivedAt)] as const] : [],
        ),
      );
      const windows = windowOf(ledger.at(-1)!.arrivedAt);
      expect(windows).toBeGreaterThanOrEqual(4);
      for (let n = 1; n < windows; n++) {
        const calls = ledger.filter(({ arrivedAt }) => windowOf(arrivedAt) === n).length;
        const completions = [...finishedIn.values()].filter((each) => each === n).length;
        expect(completions / calls, `window ${n}: ${completions} of ${calls}`).toBeGreaterThanOrEqual(0.3);
      }
    } finally {
      await server.close();
    }
  },
);

test('[M2][N3] S3: in an outage requests without a token wait in the queue, not in attempts', TIMEOUT, async () => {
  await using stack = await startInProcessStack({ budget: { probeMs: 1_000 }, policy: { maxRetries: 100 } });
  for (const endpoint of ['/oauth/token', '/process'] as const)
    stack.fake.script({ endpoint, times: 1_000_000, fault: { kind: 'status', code: 502 } });
  const handles = await Promise.all(Array.from({ length: 100 }, (_, n) => stack.client.process({ data: { n } })));
  const ids = handles.map(({ requestId }) => requestId);
  await waitUntil('all wait for their submit', async () =>
    (await pending(stack, ids)).every(({ name }) => name === 'process'),
  );
  const attempts = async (): Promise<number> =>
    (await pending(stack, ids)).reduce((sum, { attempt }) => sum + attempt, 0);
  const before = await attempts();
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const perSecond = ((await attempts()) - before) / ((performance.now() - from) / 1_000);
  expect(perSecond).toBeLessThanOrEqual(5);
  // None of them was sent.
  expect(stack.calls.filter(({ operation }) => operation === 'submit')).toEqual([]);
  stack.fake.clearFaults();
  await Promise.all(handles.map((handle) => handle.result()));
});

test(
  '[M5] S10: Retry-After: 0 makes no more calls than no Retry-After: the backoff is ours, and grows',
  TIMEOUT,
  async () => {
    const callsIn12s = async (headers: Record<string, string>): Promise<number> => {
      await using stack = await startInProcessStack({ policy: { retryDelayMs: 1_000 } });
      stack.fake.script({ endpoint: '/process', times: 1_000_000, fault: { kind: 'status', code: 429, headers } });
      await Promise.all(Array.from({ length: 30 }, (_, n) => stack.client.process({ data: { n } })));
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      return stack.calls.filter(({ operation }) => operation === 'submit').length;
    };
    const [withZero, without] = await Promise.all([callsIn12s({ 'retry-after': '0' }), callsIn12s({})]);
    expect(without).toBeGreaterThan(0);
    expect(withZero).toBeLessThanOrEqual(2 * without + 10);
  },
);
