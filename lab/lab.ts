import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { ExternalApiClient } from 'durable-external-api';
import type { Progress } from '#scripts/lib/progress.mjs';
import { Cancels } from './cancels.ts';
import { check } from './checker.ts';
import { closedTimes, silenceAfter } from './closed-times.ts';
import { collectHistories } from './collect-histories.ts';
import { type HavocSize, planBlows } from './havoc-plan.ts';
import { Havoc } from './havoc.ts';
import { type Accepted, Load } from './load.ts';
import { LOOKUP_PROVIDER } from './lookup-profile.ts';
import { decideAll, type Decided } from './person.ts';
import { lastingFaults, scriptedFaults } from './provider-faults.ts';
import { randomNumbers } from './random.ts';
import { type Readers, startReaders } from './readers.ts';
import { type Recovery, recoveryOf, workflowTaskRecovery } from './recovery.ts';
import { BUDGET, type Stack, startStack, TRIES } from './stack.ts';
import { listUnsettled, RUNNING, settled, type Settling, UNSETTLED } from './unsettled.ts';
import { type DeliveredAll, deliverAll } from './deliver-all.ts';
import type { Verdict } from './verdict.ts';
import type { RunMode } from './work.ts';

interface Size extends HavocSize {
  inFlight: number;
  readers: number;
  /** Asynchronous requests that are started at once, at first; at most half of all. */
  backlog: number;
}

const FULL: Size = {
  inFlight: 120,
  readers: 8,
  backlog: 400,
  kills: Infinity,
  freezeMs: 60_000,
  temporalRestarts: 3,
  gatewayRestarts: 2,
  closuresMs: [3_000, 6_000, 3_000],
  // The second is longer than a window and the longest call: then the workers go on without Redis, each with its share.
  redisPausesMs: [4_000, 20_000],
};
const SHORT: Size = {
  inFlight: 40,
  readers: 4,
  backlog: 60,
  kills: 1,
  freezeMs: 12_000,
  temporalRestarts: 1,
  gatewayRestarts: 1,
  closuresMs: [3_000],
  redisPausesMs: [3_000],
};

const TELL_EVERY_MS = 10_000;
/** Longer than any wait that a run asks for. */
const SETTLE_WITHIN_MS = 3 * 60_000;
const TOLD_OF = 5;
const ROUNDS_OF_DECISIONS = 10;
const NO_DECISIONS = { adopted: 0, resubmitted: 0, rounds: 0 };

export interface Run {
  requests: number;
  mode: RunMode;
  seed: number;
  short: boolean;
}

export interface LabOptions {
  run: Run;
  /** For logs and the database. */
  folder: string;
  /** The `temporal` executable. */
  binary: string;
  progress: Progress;
}

export interface LabResult {
  verdict: Verdict;
  seconds: number;
  /** Workers. */
  killed: number;
  frozen: number;
  blows: Havoc['blows'];
  /** Cancellations that reached a request which ran. */
  cancelsAsked: number;
  decisions: Decided & { rounds: number };
  deliveries: DeliveredAll;
  eventsPerRequest: number;
  /** Until what a dead worker had in hand went on. */
  recovery: { killed: Recovery[]; frozen: Recovery[]; workflowTasksMs: number[] };
}

/** One run of the lab: load, havoc, quiet, decisions, judgement. */
export async function runLab({ run, folder, binary, progress }: LabOptions): Promise<LabResult> {
  const size = run.short ? SHORT : FULL;
  const random = randomNumbers(run.seed);
  const stack = await progress.step('Temporal on a SQLite file, Redis, 2 workers, gateway, fake provider', () =>
    startStack({ folder, binary, mode: run.mode, seed: run.seed }),
  );
  const unlessDead = <T>(work: Promise<T>): Promise<T> => Promise.race([work, stack.death]);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection });
  const looksUp = run.mode === 'lookup';
  const client = new ExternalApiClient(temporal, {
    deliveryTargets: { loopback: true },
    ...(looksUp && { provider: LOOKUP_PROVIDER }),
  });
  await stack.script(scriptedFaults(run.mode, random));

  const startedAt = performance.now();
  const readers = startReaders({ gatewayUrl: stack.gatewayUrl, readers: size.readers });
  const cancels = new Cancels(client);
  const { load, havoc } = await unlessDead(
    strike({ run, size, stack, random, temporal, client, cancels, readers, progress }),
  );
  const settling: Settling = {
    which: looksUp ? RUNNING : UNSETTLED,
    withinMs: SETTLE_WITHIN_MS,
    startAnother: () => load.startAnother(),
  };
  const unsettled = await unlessDead(progress.step('Until nothing is on its way', () => settled(temporal, settling)));
  if (unsettled > 0) {
    progress.say(`  ${unsettled} requests are still on their way: see the violations.`);
    for (const requestId of await listUnsettled(temporal, TOLD_OF, settling.which))
      progress.say(`  ${(await client.why(requestId)).sentence}`);
  }
  // Where the provider says what became of them, nobody does.
  const decisions = looksUp
    ? NO_DECISIONS
    : await unlessDead(
        progress.step('A person decides on the unknown outcomes', () => decide({ stack, client, temporal, settling })),
      );
  const deliveries = await unlessDead(
    progress.step('Until the ends are delivered', () =>
      deliverAll({
        client,
        temporal,
        accepted: load.accepted,
        provider: looksUp ? LOOKUP_PROVIDER : undefined,
        forbiddenUrls: stack.receiver.forbiddenUrls,
      }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;

  const readings = await readers.end();
  // The genuine ones of the decisions are still on their way.
  await stack.relay.end();
  await stack.receiver.end();
  const ledger = await stack.ledger();
  const accepted = [...load.accepted.values()];
  const { histories, lostTasks, eventTimes } = await progress.step('Reading the histories', () =>
    collectHistories(
      temporal,
      accepted.map(({ requestId }) => requestId),
    ),
  );
  await connection.close();
  await stack.end();

  const { killed, frozen } = havoc.deaths;
  const silences = havoc.redisLostAt.map((at) => silenceAfter(ledger, at));
  const closed = closedTimes(ledger, BUDGET, [...havoc.closures, ...silences]);
  const traces = { looks: [...killed, ...frozen], ledger, eventTimes, closed };
  const events = accepted.reduce((sum, { requestId }) => sum + (eventTimes.get(requestId)?.length ?? 0), 0);
  return {
    verdict: check({
      ledger,
      accepted,
      starts: load.starts,
      histories,
      readings,
      callbacks: stack.relay.seen,
      deliveries: {
        received: stack.receiver.received,
        forbidden: { connections: stack.receiver.forbiddenConnections, tried: deliveries.forbidden },
        disturbedAt: [...[...killed, ...frozen].map(({ at }) => at), ...havoc.temporalLostAt],
      },
      budget: BUDGET,
    }),
    deliveries,
    seconds,
    killed: killed.length,
    frozen: frozen.length,
    blows: havoc.blows,
    cancelsAsked: cancels.asked,
    decisions,
    eventsPerRequest: events / accepted.length,
    recovery: {
      killed: recoveryOf(killed, traces),
      frozen: recoveryOf(frozen, traces),
      workflowTasksMs: workflowTaskRecovery(lostTasks, killed),
    },
  };
}

interface Parties {
  run: Run;
  size: Size;
  stack: Stack;
  random: () => number;
  temporal: Client;
  client: ExternalApiClient;
  cancels: Cancels;
  readers: Readers;
  progress: Progress;
}

/** Starts all requests while the havoc goes on; resolves when both are over and every process is up. */
async function strike(parties: Parties): Promise<{ load: Load; havoc: Havoc }> {
  const { run, size, stack, random, temporal, client, cancels, readers, progress } = parties;
  const startedAt = performance.now();
  let allAccepted = false;
  const fates: Promise<void>[] = [];
  const load = new Load({
    run: { ...run, backlog: Math.min(size.backlog, Math.floor(run.requests / 2)) },
    inFlight: size.inFlight,
    gatewayUrl: stack.gatewayUrl,
    receiverUrl: stack.receiver.url,
    client,
    temporal,
    onAccepted: (request) => {
      readers.offer(request.requestId);
      fates.push(meetFate(request, { stack, cancels }));
    },
  });
  const havoc = new Havoc({
    stack,
    temporal,
    cancels,
    blows: planBlows(run.requests, size, random),
    kills: size.kills,
    random,
    accepted: () => load.accepted.size,
    isOver: () => allAccepted,
    say: progress.say,
  });
  const tell = (): void => {
    const elapsed = ((performance.now() - startedAt) / 1000).toFixed(0);
    const killed = havoc.deaths.killed.length;
    progress.say(
      `  ${elapsed} s: ${load.accepted.size} accepted, ${load.unsettled} on their way, ${killed} workers killed`,
    );
  };
  const teller = setInterval(tell, TELL_EVERY_MS);
  try {
    await Promise.all([load.run().then(() => (allAccepted = true)), havoc.run()]);
    await Promise.all(fates);
  } finally {
    clearInterval(teller);
    load.stop();
    tell();
  }
  return { load, havoc };
}

/** Does to one request what is planned for it. Its deadline it has from its start. */
async function meetFate(
  { requestId, fate, cancelAfterMs }: Accepted,
  { stack, cancels }: Pick<Parties, 'stack' | 'cancels'>,
): Promise<void> {
  const faults = lastingFaults(fate, requestId, TRIES);
  if (faults.length > 0) await stack.script(faults);
  if (fate !== 'cancelled') return;
  await delay(cancelAfterMs);
  await cancels.cancel(requestId, 'its caller wants it no more');
}

/** Until nothing is unknown any more: a request that is submitted again meets the same faults. */
async function decide({
  stack,
  client,
  temporal,
  settling,
}: Pick<Parties, 'stack' | 'client' | 'temporal'> & { settling: Settling }): Promise<LabResult['decisions']> {
  const total = { ...NO_DECISIONS };
  while (total.rounds < ROUNDS_OF_DECISIONS) {
    const { adopted, resubmitted } = await decideAll({ client, ledger: await stack.ledger() });
    if (adopted + resubmitted === 0) break;
    total.adopted += adopted;
    total.resubmitted += resubmitted;
    total.rounds += 1;
    if ((await settled(temporal, settling)) > 0) break;
  }
  return total;
}
