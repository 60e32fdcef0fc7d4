import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ExternalApiClient, type ProcessInput, TemporalUnavailableError } from 'durable-external-api';
import type { Priority } from '#product/contract/values.js';
import { cachedRequestsIn } from '#product/worker/cached-requests.js';
import { workflowIdOf } from '#product/contract/names.js';
import { type Fleet, startFleet } from '../budget/fleet.ts';
import { figureOf, judge } from '../figures.ts';
import { type Memory, memoryOf } from '../memory.ts';
import type { SectionContext, SectionResult } from '../section.ts';

interface Sizes {
  /** Requests that are done before: a new process takes less, until its heaps have grown. */
  warmUp: number;
  few: number;
  many: number;
  /** Requests with an input of 1 MiB. */
  large: number;
}

const WHOLE: Sizes = { warmUp: 1_000, few: 100, many: 10_000, large: 200 };
const QUICK: Sizes = { warmUp: 200, few: 50, many: 300, large: 30 };

const MIB = 2 ** 20;
/** With all else a request carries, as much as one may. */
const LARGE_BYTES = MIB - 10_000;
const SMALL_WORKER_BYTES = 1024 * MIB;

/** Memory of a worker whose requests wait for the call budget: many small ones, and large ones with the cache of 1 GiB. */
export async function memory({ stack, quick, progress }: SectionContext): Promise<SectionResult> {
  const { warmUp, few, many, large } = quick ? QUICK : WHOLE;
  const { folder } = stack;
  // A token, and those of the warm-up: then nothing goes out for an hour, and all wait.
  const closed = { limit: warmUp + 1, windowMs: 3_600_000, workers: 1 };
  const temporalAddress = (await stack.temporal()).address;
  async function inFleet<T>(variables: NodeJS.ProcessEnv, measure: (fleet: Fleet) => Promise<T>): Promise<T> {
    const fleet = await startFleet({ folder, temporalAddress, ...closed, variables });
    try {
      await fleet.startWorkers();
      const done = await fleet.startMany(warmUp, (n) => ({ data: { warmUp: n } }));
      await Promise.all(done.map((handle) => handle.result()));
      return await measure(fleet);
    } finally {
      await fleet.stop();
    }
  }

  const small = await inFleet({}, async (fleet) => {
    const idle = memoryNow(fleet);
    const some = await progress.step(`${few} requests that wait`, () => waiting(fleet, few, 100));
    const all = await progress.step(`${many} requests that wait`, () => waiting(fleet, many - few, 100));
    return { idle, some, all };
  });
  const cached = cachedRequestsIn(SMALL_WORKER_BYTES);
  const full = await inFleet({ WORKER_CACHED_REQUESTS: `${cached}` }, (fleet) =>
    progress.step(`${large} requests of 1 MiB that wait`, () => waiting(fleet, large, LARGE_BYTES)),
  );
  const ratio = figureOf([small.all.nowMib / small.some.nowMib]);
  return {
    title: 'Memory of a worker, MiB, while requests wait for the call budget',
    columns: { requests: 'waiting', now: 'now', peak: 'at most' },
    rows: [
      { requests: `none, ${warmUp} done`, ...shown(small.idle) },
      { requests: `${few}`, ...shown(small.some) },
      { requests: `${many}`, ...shown(small.all) },
      { requests: `${large} of 1 MiB, ${cached} kept`, ...shown(full) },
    ],
    aims: [
      judge({
        what: `memory of ${many} waiting, to ${few}`,
        relation: 'at most',
        bound: 1.2,
        unit: '×',
        figure: ratio,
      }),
      judge({
        what: 'memory at most, with the cache for 1 GiB and inputs of 1 MiB',
        relation: 'at most',
        bound: SMALL_WORKER_BYTES / MIB,
        unit: ' MiB',
        figure: figureOf([full.peakMib]),
      }),
    ],
  };
}

interface Started {
  requestId: string;
  priority: Priority;
}

/** Starts so many, half of them bulk, and waits until each waits for the budget. */
async function waiting(fleet: Fleet, count: number, bytes: number): Promise<Memory> {
  const text = 'x'.repeat(bytes);
  const started: Started[] = [];
  let begun = 0;
  async function startOneAfterTheOther(): Promise<void> {
    while (begun < count) {
      const n = begun++;
      const priority = n % 2 === 0 ? 'interactive' : 'bulk';
      started.push({ priority, requestId: await startOnce(fleet.client, { data: { n, text } }, priority) });
    }
  }
  await Promise.all(Array.from({ length: bytes < LARGE_BYTES ? 20 : 1 }, startOneAfterTheOther));
  for (const each of started) await untilWaiting(fleet, each);
  return memoryNow(fleet);
}

/** Until the server answers in time: a service would repeat with its key, too. Returns the request's id. */
async function startOnce(client: ExternalApiClient, input: ProcessInput, priority: Priority): Promise<string> {
  const idempotencyKey = randomUUID();
  for (;;) {
    try {
      return (await client.process(input, { idempotencyKey, priority })).requestId;
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) throw error;
    }
  }
}

/** Where a request of each kind waits for the call budget: bulk ones before their first step, unless they were the first. */
const WAITS_AT: Record<Priority, readonly string[]> = {
  interactive: ['process'],
  bulk: ['authenticate', 'process'],
};

async function untilWaiting({ temporal }: Fleet, { requestId, priority }: Started): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowIdOf(requestId));
  for (;;) {
    const { raw } = await handle.describe();
    if (raw.pendingActivities?.some(({ activityType }) => WAITS_AT[priority].includes(activityType?.name ?? '')))
      return;
    await delay(200);
  }
}

function memoryNow({ workerPids }: Fleet): Memory {
  return memoryOf(workerPids[0] ?? NaN);
}

function shown({ nowMib, peakMib }: Memory) {
  return { now: Math.round(nowMib), peak: Math.round(peakMib) };
}
