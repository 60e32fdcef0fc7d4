import { workflowIdOf } from '../../dist/contract/names.js';
import { mapConcurrently } from './concurrently.mjs';
import { eventTimesOf, factsOf, lostWorkflowTasks } from './history-facts.mjs';

/**
 * The histories of all accepted requests, read for what they say.
 *
 * @param {import('@temporalio/client').Client} temporal
 * @param {readonly string[]} requestIds
 */
export async function collectHistories(temporal, requestIds) {
  const histories = new Map();
  const lostTasks = [];
  const eventTimes = new Map();
  await mapConcurrently(requestIds, 8, async (requestId) => {
    const history = await fetchHistory(temporal, requestId);
    if (history === null) return;
    histories.set(requestId, factsOf(history));
    lostTasks.push(...lostWorkflowTasks(history));
    eventTimes.set(requestId, eventTimesOf(history));
  });
  return { histories, lostTasks, eventTimes };
}

/** Null when the server knows of no such workflow: then the request was lost. */
async function fetchHistory(temporal, requestId) {
  try {
    return await temporal.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  } catch (error) {
    if (error.name === 'WorkflowNotFoundError') return null;
    throw error;
  }
}
