import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { requestIdOf, WORKFLOW_TYPE } from '#product/contract/names.js';

/** Requests that have not ended: not their deliveries. */
export const RUNNING = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
/** Requests that are neither ended nor wait for a person. */
export const UNSETTLED = `${RUNNING} AND ExternalApiAttention IS NULL`;

const COUNT_EVERY_MS = 500;
const WAIT_FOR_MORE_MS = 5_000;

export function countUnsettled(temporal: Client): Promise<number> {
  return countOf(temporal, UNSETTLED);
}

async function countOf(temporal: Client, query: string): Promise<number> {
  return (await temporal.workflow.count(query)).count;
}

/** Their request_ids, at most so many. */
export async function listUnsettled(temporal: Client, atMost: number, which = UNSETTLED): Promise<string[]> {
  const requestIds: string[] = [];
  for await (const { workflowId } of temporal.workflow.list({ query: which, pageSize: atMost })) {
    if (requestIds.push(requestIdOf(workflowId)) === atMost) break;
  }
  return requestIds;
}

export interface Settling {
  /** Which requests are on their way: where nobody decides on unknown outcomes, these too. */
  which: string;
  /** So long it is waited for one more of them: how many there are is a matter of the run's size. */
  withinMs: number;
  /**
   * Starts one more request. When all that is left is what the provider always fails, it looks like an outage: without
   * other traffic, as a service has it, each of the last tries waits for a probe, up to a minute.
   */
  startAnother: () => Promise<void>;
}

/** Waits until no request is on its way any more. @returns how many still were when none had settled for `withinMs` */
export async function settled(temporal: Client, { which, withinMs, startAnother }: Settling): Promise<number> {
  let deadline = Date.now() + withinMs;
  let fewest = Infinity;
  let anotherAt = Date.now() + WAIT_FOR_MORE_MS;
  let quiet = 0;
  let unsettled = Infinity;
  // The list lags behind the truth by a moment.
  while (quiet < 3 && Date.now() < deadline) {
    await delay(COUNT_EVERY_MS);
    unsettled = await countOf(temporal, which).catch(() => Infinity);
    quiet = unsettled === 0 ? quiet + 1 : 0;
    if (unsettled < fewest) {
      fewest = unsettled;
      deadline = Date.now() + withinMs;
    }
    if (quiet > 0 || Date.now() < anotherAt) continue;
    await startAnother();
    anotherAt = Date.now() + WAIT_FOR_MORE_MS;
  }
  return unsettled;
}
