// A worker that records the intent before a submit and its outcome after it, or, for comparison, neither. Its heartbeats
// go on as ever. It is a test's own: the product has no such switch.
import { DurableHeartbeat } from '../../dist/activities/durable-heartbeat.js';
import { childArgs, serve } from '../performance/bench/child.mjs';
import { composeWorkers } from './compose-worker.mjs';

const args = childArgs();
if (!args.records) {
  DurableHeartbeat.prototype.recordFresh = async () => {};
  DurableHeartbeat.prototype.record = async () => {};
}
const workers = await composeWorkers({ args });
void Promise.all(workers.map((worker) => worker.run()));
serve(async () => 'ready');
