import { proxyActivities } from '@temporalio/workflow';
import type { PlainProvider } from './callers/undici.ts';

export const BARE_WORKFLOW = 'bareWorkflow';

/** Two, as ours: see src/contract/names.ts. */
export const BARE_QUEUES = { requests: 'bare', calls: 'bare-calls' } as const;

const { authenticate } = proxyActivities<Pick<PlainProvider, 'authenticate'>>({
  taskQueue: BARE_QUEUES.requests,
  startToCloseTimeout: '2 minutes',
});
const { process, status } = proxyActivities<Pick<PlainProvider, 'process' | 'status'>>({
  taskQueue: BARE_QUEUES.calls,
  startToCloseTimeout: '10 minutes',
});

/** The least that does the job on Temporal: three activities in a row; no state, no query, no signal, no deadline. */
export async function bareWorkflow({ id, data }: { id: string; data: unknown }): Promise<unknown> {
  await authenticate();
  const { request_id } = await process({ data, async: true, idempotencyKey: id });
  return await status(request_id);
}
