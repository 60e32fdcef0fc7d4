import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { TASK_QUEUES } from '../../src/contract/names.ts';
import { startStack } from '../helpers/stack.ts';
import { startTemporalProxy, type Treatment } from '../helpers/temporal-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** What the core takes for final at once. It gives others, as PERMISSION_DENIED, a minute to pass, and then goes the same way. */
const REFUSED: Treatment = {
  refusal: { code: 8, message: 'grpc: received message larger than max (5000000 vs. 4194304)' },
};

/** As it stands in a protobuf message: after its length. */
const inMessage = (queue: string): string => String.fromCharCode(queue.length) + queue;

test.for([
  { method: 'PollActivityTaskQueue', queue: TASK_QUEUES.calls },
  { method: 'PollWorkflowTaskQueue', queue: TASK_QUEUES.requests },
])(
  '[N1][M21] when Temporal refuses $method for good, submits on the wire end and are reported, then the worker ends with the cause',
  { timeout: 120_000 },
  async ({ method, queue }) => {
    await using proxy = await startTemporalProxy(inject('temporalAddress'));
    await using stack = await startStack({ workerEnv: { TEMPORAL_ADDRESS: proxy.address } });
    const { fakeProvider, worker, temporal, nextWorker } = stack;
    fakeProvider.script({ endpoint: '/process', times: 100, fault: { kind: 'delay', ms: 3_000 } });
    const client = new ExternalApiClient(temporal.client);
    const start = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, n) => client.process({ data: n }, { idempotency: 'none' })));
    const submits = () => fakeProvider.ledger.filter(({ endpoint }) => endpoint === '/process');

    const handles = await start(10);
    await waitUntil('all are on the wire', () => submits().length === 10);
    proxy.treat((call) => (call.method === method && call.body.includes(inMessage(queue)) ? REFUSED : undefined));
    // Its task answers the poll that is open: the next one is refused.
    handles.push(...(await start(1)));
    await once(worker.child, 'close');
    expect([worker.child.exitCode, worker.output()]).toEqual([
      69,
      expect.stringContaining(`error: Temporal gives this worker no tasks of the queue ${queue} any more: `),
    ]);
    const sent = submits().length;
    proxy.treat(() => undefined);
    fakeProvider.clearFaults();
    await nextWorker();
    const ended = await Promise.all(handles.map((handle) => handle.result()));
    expect(ended.map(({ status }) => status)).toEqual(handles.map(() => 'completed'));
    expect(sent).toBeGreaterThanOrEqual(10);
    expect(submits()).toHaveLength(11);
  },
);
