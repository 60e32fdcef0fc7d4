import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { LedgerEntry } from 'durable-external-api/testing';
import { workflowIdOf } from '#product/contract/names.js';
import { type Interval, overlapMs } from './closed-times.ts';
import { mapConcurrently } from './concurrently.ts';
import { groupBy } from './group-by.ts';
import type { LostTask } from './history-facts.ts';
import { listUnsettled } from './unsettled.ts';

/** A request whose activity a worker runs: whose, as `pid@host`, and since when. */
interface InHand {
  requestId: string;
  identity: string;
  startedAt: number;
}

/** The death of a worker, and what all workers had in hand then. */
export interface Death {
  pid: number;
  at: number;
  seen: InHand[];
}

const LOOK_AT_MOST_AT = 120;
const LOOK_WITHIN_MS = 3_000;
/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;
/** What a dead worker had handed to the kernel still arrives, so soon. No heartbeat timeout passes in that time. */
const LAST_BYTES_MS = 1_000;
/** Of our activities: then the server gives a task to another worker. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

/** What the workers have in hand; nothing when the server does not answer. */
export async function lookInHands(temporal: Client): Promise<InHand[]> {
  try {
    return await temporal.withDeadline(Date.now() + LOOK_WITHIN_MS, async () => {
      const requestIds = await listUnsettled(temporal, LOOK_AT_MOST_AT);
      const looks = await mapConcurrently(requestIds, 8, async (requestId) => {
        const { raw } = await temporal.workflow.getHandle(workflowIdOf(requestId)).describe();
        return (raw.pendingActivities ?? [])
          .filter(({ state }) => Number(state) === STARTED)
          .map(({ lastWorkerIdentity, lastStartedTime }) => ({
            requestId,
            identity: lastWorkerIdentity ?? '',
            startedAt: optionalTsToDate(lastStartedTime)?.getTime() ?? 0,
          }));
      });
      return looks.flat();
    });
  } catch {
    return [];
  }
}

/** What a run left behind, by which it is seen that a request went on. */
export interface Traces {
  /** All of the run. */
  looks: readonly Death[];
  ledger: readonly Readonly<LedgerEntry>[];
  /** Of each history, by request_id. */
  eventTimes: ReadonlyMap<string, readonly number[]>;
  /** When no call could go out, because the provider had asked for it or the budget was used up. */
  closed: readonly Interval[];
}

/** How long a request took to go on after a worker's death, and how much of that the provider or the budget asked for. */
export interface Recovery {
  requestId: string;
  /** When the worker died; milliseconds since 1970. */
  at: number;
  /** Milliseconds, without what was asked for. */
  ms: number;
  askedForMs: number;
}

/**
 * How long it took from a worker's death until a request that it had in hand was taken up: until a worker had it again, it
 * was called for at the provider, or its history went on. What was closed before the heartbeat timeout cost no time: until
 * then nobody knows of the death.
 */
export function recoveryOf(deaths: readonly Death[], { looks, ledger, eventTimes, closed }: Traces): Recovery[] {
  const calls = groupBy(ledger, ({ idempotencyKey }) => idempotencyKey);
  const starts = groupBy(
    looks.flatMap(({ seen }) => seen),
    ({ requestId }) => requestId,
  );
  const recovered = ({ requestId }: InHand, at: number): Recovery[] => {
    const events = (eventTimes.get(requestId) ?? []).filter((time) => time > at);
    // Its activity had ended, and the news was on its way.
    if (events.some((time) => time <= at + LAST_BYTES_MS)) return [];
    const started = (starts.get(requestId) ?? []).map(({ startedAt }) => startedAt);
    const arrived = (calls.get(requestId) ?? []).map(({ arrivedAt }) => arrivedAt);
    const next = [...events, ...started, ...arrived].filter((time) => time > at + LAST_BYTES_MS);
    if (next.length === 0) return [];
    const resumedAt = Math.min(...next);
    const askedForMs = overlapMs(closed, at + HEARTBEAT_TIMEOUT_MS, resumedAt);
    return [{ requestId, at, ms: resumedAt - at - askedForMs, askedForMs }];
  };
  return deaths.flatMap(({ pid, at, seen }) =>
    seen.filter(({ identity }) => identity === identityOf(pid)).flatMap((inHand) => recovered(inHand, at)),
  );
}

/**
 * The same for workflow tasks, which histories tell of: from the death of the worker that had taken one until another
 * had it and brought it back.
 */
export function workflowTaskRecovery(lost: readonly LostTask[], deaths: readonly Death[]): number[] {
  const diedAt = new Map(deaths.map(({ pid, at }) => [identityOf(pid), at]));
  return lost.flatMap(({ identity, startedAt, resumedAt }) => {
    const at = diedAt.get(identity);
    // One that was lost before its worker died was lost to something else: a restart of the server.
    const isOfThisDeath = at !== undefined && resumedAt !== null && startedAt <= at && at < resumedAt;
    return isOfThisDeath ? [resumedAt - at] : [];
  });
}

/** As the Temporal SDK names a worker. */
function identityOf(pid: number): string {
  return `${pid}@${hostname()}`;
}
