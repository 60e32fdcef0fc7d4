import { defaultPayloadConverter } from '@temporalio/common';

const ENDS = {
  workflowExecutionCompletedEventAttributes: 'completed',
  workflowExecutionFailedEventAttributes: 'failed',
  workflowExecutionCanceledEventAttributes: 'cancelled',
  workflowExecutionTerminatedEventAttributes: 'terminated',
  workflowExecutionTimedOutEventAttributes: 'timed_out',
};

/**
 * What a workflow's history says of its request, read without any code of the product.
 *
 * @param {{ events?: readonly object[] | null }} history as the Temporal client fetches it
 * @returns {import('./checker.mjs').HistoryFacts}
 */
export function factsOf({ events }) {
  const facts = { end: null, errorType: null, resultSha256: null, unknownOutcomes: 0, decisions: [] };
  for (const event of events ?? []) {
    const failed = event.activityTaskFailedEventAttributes?.failure;
    if (failed?.applicationFailureInfo?.type === 'OutcomeUnknown') facts.unknownOutcomes += 1;

    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (update?.name === 'resolveOutcome') {
      facts.decisions.push({ decision: decoded(update.args).decision, at: timeOf(event) });
    }

    const end = Object.keys(ENDS).find((attributes) => event[attributes]);
    if (end !== undefined) {
      facts.end = ENDS[end];
      facts.errorType = event[end].failure?.applicationFailureInfo?.type ?? null;
      facts.resultSha256 = decoded(event[end].result)?.result?.processedData?.sha256 ?? null;
    }
  }
  return facts;
}

/**
 * Workflow tasks that a worker took and did not bring back in time.
 *
 * @returns {{ identity: string, startedAt: number, resumedAt: number | null }[]} whose they were (`pid@host`), when it
 *   took them, and when the next worker had the workflow
 */
export function lostWorkflowTasks({ events }) {
  const lost = [];
  let current = null;
  for (const event of events ?? []) {
    const started = event.workflowTaskStartedEventAttributes;
    if (started) {
      const at = timeOf(event);
      for (const task of lost) task.resumedAt ??= at;
      current = { identity: started.identity ?? '', startedAt: at, resumedAt: null };
    }
    // A task that timed out before anybody took it has no start of its own.
    const timedOut = event.workflowTaskTimedOutEventAttributes;
    if (timedOut && current !== null && Number(timedOut.startedEventId) > 0) lost.push(current);
  }
  return lost;
}

/** Milliseconds since 1970 of every event. */
export function eventTimesOf({ events }) {
  return (events ?? []).map(timeOf);
}

function decoded(payloads) {
  const payload = payloads?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

/** Milliseconds since 1970, with fractions. Seconds are a Long from the server and text from a file. */
function timeOf({ eventTime: { seconds, nanos } }) {
  return Number(String(seconds)) * 1000 + nanos / 1e6;
}
