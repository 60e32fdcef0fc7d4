// A worker that records the intent before a submit, or, for comparison, does not. Its heartbeats go on as ever. It is a test's own: the product has no such switch.
import { DurableHeartbeat } from '#product/activities/durable-heartbeat.js';
import { childArgs, serve } from '../bench/child.ts';
import { composeLabWorker, type WorkerArgs } from './compose-worker.ts';

export interface IntentWorkerArgs extends WorkerArgs {
  records: boolean;
}

const args = childArgs<IntentWorkerArgs>();
if (!args.records) DurableHeartbeat.prototype.record = async () => 'recorded';
void composeLabWorker(args).run();
serve(async () => 'ready');
