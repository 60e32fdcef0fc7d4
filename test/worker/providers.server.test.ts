import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient, type RequestHandle } from '../../src/client/index.ts';
import { BUILT_IN_PROVIDER } from '../../src/contract/names.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';

let ours: InProcessStack;
let theirs: InProcessStack;

/** Two providers on one Temporal server and in one namespace, each with a worker of its own. */
beforeAll(async () => {
  ours = await startInProcessStack();
});
afterAll(async () => {
  await theirs[Symbol.asyncDispose]();
  await ours[Symbol.asyncDispose]();
});

const submits = ({ fake }: InProcessStack): string[] =>
  fake.ledger.filter(({ endpoint }) => endpoint === '/process').map(({ idempotencyKey }) => idempotencyKey ?? '');

test('[N13][N6] no worker of another provider takes a request: it waits, and why says that it has none', async () => {
  const client = new ExternalApiClient(ours.temporal.client, { provider: 'renderer' });
  const handles = [
    await client.process({ data: 'waits' }),
    await client.process({ data: 'waits in bulk' }, { priority: 'bulk' }),
  ];
  // The worker that is there has done what came later.
  await (await ours.client.process({ data: 'goes' })).result();
  for (const { requestId } of handles) {
    const { provider, waitingFor, stale } = await ours.client.status(requestId);
    expect({ provider, reason: waitingFor?.reason, stale }).toEqual({
      provider: 'renderer',
      reason: 'worker',
      stale: true,
    });
    expect((await client.why(requestId)).sentence).toContain(
      'waits for a worker of the provider renderer: none has taken',
    );
  }
  expect(submits(ours)).toHaveLength(1);

  theirs = await startInProcessStack({
    profile: 'renderer',
    temporal: { ...ours.temporal, close: async () => {} },
  });
  await Promise.all(handles.map((handle) => handle.result()));
  expect(submits(ours)).toHaveLength(1);
  expect(submits(theirs).toSorted()).toEqual(handles.map(({ requestId }) => requestId).toSorted());
});

test('[N13][C4] every request goes to its own provider, whatever its priority and key', async () => {
  const of = async ({ client }: InProcessStack): Promise<RequestHandle[]> => {
    const inputs = Array.from({ length: 10 }, (_, n) => n);
    return await Promise.all(
      inputs.map((n) =>
        client.process(
          { data: n, options: { async: n % 2 === 0 } },
          { idempotencyKey: `order-${n}`, priority: n % 3 === 0 ? 'bulk' : 'interactive' },
        ),
      ),
    );
  };
  const [mine, others] = await Promise.all([of(ours), of(theirs)]);
  await Promise.all([...mine, ...others].map((handle) => handle.result()));
  for (const [stack, handles] of [
    [ours, mine],
    [theirs, others],
  ] as const) {
    const ids = handles.map(({ requestId }) => requestId);
    expect(submits(stack).filter((id) => ids.includes(id))).toHaveLength(10);
    expect(stack.fake.ledger.filter(({ endpoint }) => endpoint === '/status/{request_id}').length).toBeGreaterThan(0);
  }
  expect(new Set([...submits(ours), ...submits(theirs)]).size).toBe(submits(ours).length + submits(theirs).length);
});

test('[N13][C6] a list tells providers apart, and shows one alone', async () => {
  const handle = await theirs.client.process({ data: 'listed' });
  await handle.result();
  await expect
    .poll(
      async () => {
        const found: (string | null)[] = [];
        for await (const { requestId, provider } of ours.client.list({ provider: 'renderer' })) {
          if (requestId === handle.requestId) found.push(provider);
        }
        return found;
      },
      { timeout: 10_000 },
    )
    .toEqual(['renderer']);
  const builtIn: (string | null)[] = [];
  for await (const { provider } of ours.client.list({ provider: BUILT_IN_PROVIDER })) builtIn.push(provider);
  expect(new Set(builtIn)).toEqual(new Set([null]));
});

test('[N13][N3] the cache forgets at the provider of the request, whoever asks', async () => {
  const handle = await theirs.client.process({ data: 'cached' }, { cache: 'refresh' });
  await handle.result();
  // The worker of the built-in one would take it as well, and forget nothing of theirs.
  await ours.client.invalidate({ requestId: handle.requestId });
  const started = ours.temporal.client.workflow.list({
    query: `WorkflowType = 'invalidateAnswers' AND TaskQueue = 'external-api/renderer'`,
  });
  await expect
    .poll(
      async () => {
        let count = 0;
        for await (const _ of started) count += 1;
        return count;
      },
      { timeout: 10_000 },
    )
    .toBe(1);
});
