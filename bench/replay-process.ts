import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { childArgs, serve } from './child.ts';

/** Left out of the measure: loading the bundle, and the compiler's first look at it. */
const WARM_UP = 50;

export interface ReplayArgs {
  temporalAddress: string;
}

export interface ReplayQuestion {
  workflowId: string;
  /** Path of the workflow bundle. */
  bundle: string;
  replays: number;
}

export interface ReplaySample {
  /** Of one replay. */
  cpuMs: number;
}

Runtime.install({ logger: new DefaultLogger('WARN') });
const { temporalAddress } = childArgs<ReplayArgs>();
const client = new Client({ connection: await Connection.connect({ address: temporalAddress }), namespace: 'default' });

serve(async ({ workflowId, bundle, replays }: ReplayQuestion): Promise<ReplaySample> => {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const copies = Array.from({ length: WARM_UP + replays }, (_, n) => ({ workflowId: `${workflowId}-${n}`, history }));
  let done = 0;
  let cpu: NodeJS.CpuUsage | undefined;
  // As a worker runs them: without the debug mode that is the default here, in a thread of their own.
  const options = { workflowBundle: { codePath: bundle }, debugMode: false };
  for await (const { error } of Worker.runReplayHistories(options, copies)) {
    if (error) throw error;
    if (++done === WARM_UP) cpu = process.cpuUsage();
  }
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000 / replays };
});
