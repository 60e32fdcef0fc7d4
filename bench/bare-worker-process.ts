import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { BARE_QUEUES } from './bare-workflow.ts';
import { createUndiciProvider } from './callers/undici.ts';
import { childArgs, serve } from './child.ts';
import type { ProviderAccess } from './credentials.ts';

export interface BareWorkerArgs {
  temporalAddress: string;
  provider: ProviderAccess;
  /** Path of the workflow bundle. */
  bundle: string;
}

Runtime.install({ logger: new DefaultLogger('WARN') });
const { temporalAddress, provider, bundle } = childArgs<BareWorkerArgs>();
const { authenticate, process: submit, status } = createUndiciProvider(provider);

const connection = await NativeConnection.connect({ address: temporalAddress });
const workers = await Promise.all([
  Worker.create({
    connection,
    taskQueue: BARE_QUEUES.requests,
    workflowBundle: { codePath: bundle },
    activities: { authenticate },
  }),
  Worker.create({ connection, taskQueue: BARE_QUEUES.calls, activities: { process: submit, status } }),
]);
const running = Promise.all(workers.map((worker) => worker.run()));
serve(async () => 'ready');
await running;
