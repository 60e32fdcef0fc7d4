import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { workflowIdOf } from '#product/contract/names.js';
import { mapConcurrently } from './concurrently.ts';
import type { HistoryFacts } from './evidence.ts';
import { eventTimesOf, factsOf, lostWorkflowTasks, type History, type LostTask } from './history-facts.ts';

/** The histories of all accepted requests, read for what they say. */
export interface Histories {
  /** By request_id; a request without one was lost. */
  histories: Map<string, HistoryFacts>;
  lostTasks: LostTask[];
  /** Of every event, by request_id: milliseconds since 1970. */
  eventTimes: Map<string, number[]>;
}

export async function collectHistories(temporal: Client, requestIds: readonly string[]): Promise<Histories> {
  const collected: Histories = { histories: new Map(), lostTasks: [], eventTimes: new Map() };
  await mapConcurrently(requestIds, 8, async (requestId) => {
    const history = await fetchHistory(temporal, requestId);
    if (history === null) return;
    collected.histories.set(requestId, factsOf(history));
    collected.lostTasks.push(...lostWorkflowTasks(history));
    collected.eventTimes.set(requestId, eventTimesOf(history));
  });
  return collected;
}

/** Null when the server knows of no such workflow: then the request was lost. */
async function fetchHistory(temporal: Client, requestId: string): Promise<History | null> {
  try {
    return await temporal.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
