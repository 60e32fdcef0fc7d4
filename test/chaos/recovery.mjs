import { hostname } from 'node:os';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import { mapConcurrently } from './concurrently.mjs';
import { groupBy } from './group-by.mjs';
import { UNSETTLED } from './load.mjs';

/**
 * @typedef {{ requestId: string, identity: string, startedAt: number }} InHand a request whose activity a worker runs:
 *   whose, as `pid@host`, and since when
 * @typedef {{ pid: number, at: number, seen: InHand[] }} Death of a worker, and what all workers had in hand then
 */

const LOOK_AT_MOST_AT = 120;
const LOOK_WITHIN_MS = 3_000;
/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;
/** What a dead worker had handed to the kernel still arrives, so soon. No heartbeat timeout passes in that time. */
const LAST_BYTES_MS = 1_000;

/**
 * What the workers have in hand.
 *
 * @param {import('@temporalio/client').Client} temporal
 * @returns {Promise<InHand[]>} nothing when the server does not answer
 */
export async function lookInHands(temporal) {
  try {
    return await temporal.withDeadline(Date.now() + LOOK_WITHIN_MS, async () => {
      const workflowIds = [];
      for await (const { workflowId } of temporal.workflow.list({ query: UNSETTLED, pageSize: LOOK_AT_MOST_AT })) {
        if (workflowIds.push(workflowId) === LOOK_AT_MOST_AT) break;
      }
      const looks = await mapConcurrently(workflowIds, 8, async (workflowId) => {
        const { raw } = await temporal.workflow.getHandle(workflowId).describe();
        return (raw.pendingActivities ?? [])
          .filter(({ state }) => state === STARTED)
          .map(({ lastWorkerIdentity, lastStartedTime }) => ({
            requestId: workflowId.slice(workflowId.indexOf('/') + 1),
            identity: lastWorkerIdentity,
            startedAt: optionalTsToDate(lastStartedTime).getTime(),
          }));
      });
      return looks.flat();
    });
  } catch {
    return [];
  }
}

/**
 * How long it took, in milliseconds, from a worker's death until a request that it had in hand was taken up: until a
 * worker had it again, it was called for at the provider, or its history went on.
 *
 * @param {readonly Death[]} deaths
 * @param {object} evidence
 * @param {readonly Death[]} evidence.looks all of the run
 * @param {readonly object[]} evidence.ledger
 * @param {ReadonlyMap<string, readonly number[]>} evidence.eventTimes
 */
export function recoveryOf(deaths, { looks, ledger, eventTimes }) {
  const calls = groupBy(ledger, ({ idempotencyKey }) => idempotencyKey);
  const starts = groupBy(
    looks.flatMap(({ seen }) => seen),
    ({ requestId }) => requestId,
  );
  const recovered = ({ requestId }, at) => {
    const events = (eventTimes.get(requestId) ?? []).filter((time) => time > at);
    // Its activity had ended, and the news was on its way.
    if (events.some((time) => time <= at + LAST_BYTES_MS)) return [];
    const started = starts.get(requestId).map(({ startedAt }) => startedAt);
    const arrived = (calls.get(requestId) ?? []).map(({ arrivedAt }) => arrivedAt);
    const next = [...events, ...started, ...arrived].filter((time) => time > at + LAST_BYTES_MS);
    return next.length > 0 ? [Math.min(...next) - at] : [];
  };
  return deaths.flatMap(({ pid, at, seen }) =>
    seen.filter(({ identity }) => identity === identityOf(pid)).flatMap((inHand) => recovered(inHand, at)),
  );
}

/**
 * The same for workflow tasks, which histories tell of: from the death of the worker that had taken one until another
 * had it and brought it back.
 *
 * @param {readonly { identity: string, resumedAt: number | null }[]} lost see history-facts.mjs
 * @param {readonly Death[]} deaths
 */
export function workflowTaskRecovery(lost, deaths) {
  const diedAt = new Map(deaths.map(({ pid, at }) => [identityOf(pid), at]));
  return lost
    .filter(({ identity, resumedAt }) => resumedAt !== null && diedAt.has(identity))
    .map(({ identity, resumedAt }) => resumedAt - diedAt.get(identity));
}

/** As the Temporal SDK names a worker. */
function identityOf(pid) {
  return `${pid}@${hostname()}`;
}
