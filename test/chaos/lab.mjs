import { Client, Connection } from '@temporalio/client';
import { ExternalApiClient } from 'durable-external-api';
import { check } from './checker.mjs';
import { collectHistories } from './evidence.mjs';
import { planBlows } from './havoc-plan.mjs';
import { startHavoc } from './havoc.mjs';
import { createLoad, settled } from './load.mjs';
import { decideAll } from './person.mjs';
import { scriptedFaults } from './provider-faults.mjs';
import { randomNumbers } from './random.mjs';
import { startReaders } from './readers.mjs';
import { recoveryOf, workflowTaskRecovery } from './recovery.mjs';
import { startStack } from './stack.mjs';

const FULL = { inFlight: 120, readers: 8, kills: Infinity, temporalRestarts: 3, gatewayRestarts: 2, freezeMs: 60_000 };
const SHORT = { inFlight: 40, readers: 4, kills: 2, temporalRestarts: 1, gatewayRestarts: 1, freezeMs: 15_000 };

const TELL_EVERY_MS = 10_000;
const SETTLE_WITHIN_MS = 5 * 60_000;
const ROUNDS_OF_DECISIONS = 10;

/**
 * One run of the lab: load, havoc, quiet, decisions, judgement.
 *
 * @param {object} options
 * @param {{ requests: number, mode: 'key' | 'none' | 'mixed', seed: number, short: boolean }} options.run
 * @param {string} options.folder for logs and the database
 */
export async function runLab({ run, folder, binary, progress }) {
  const size = run.short ? SHORT : FULL;
  const random = randomNumbers(run.seed);
  const stack = await progress.step('Temporal on a SQLite file, 2 workers, gateway, fake provider', () =>
    startStack({ folder, binary, mode: run.mode }),
  );
  const unlessDead = (work) => Promise.race([work, stack.death]);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection });
  const client = new ExternalApiClient(temporal);
  await stack.control('POST', 'faults', scriptedFaults(random));

  const startedAt = performance.now();
  const readers = startReaders({ gatewayUrl: stack.gatewayUrl, readers: size.readers });
  const { load, havoc } = await unlessDead(strike({ run, size, stack, random, temporal, client, readers, progress }));
  const unsettled = await unlessDead(
    progress.step('Until nothing is on its way', () => settled(temporal, SETTLE_WITHIN_MS)),
  );
  if (unsettled > 0) progress.say(`  ${unsettled} requests are still on their way: see the violations.`);
  const decisions = await unlessDead(
    progress.step('A person decides on the unknown outcomes', () => decide({ stack, client, temporal })),
  );
  const seconds = (performance.now() - startedAt) / 1000;

  const readings = await readers.end();
  const ledger = await ledgerOf(stack);
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
  const traces = { looks: [...killed, ...frozen], ledger, eventTimes };
  const events = accepted.reduce((sum, { requestId }) => sum + (eventTimes.get(requestId)?.length ?? 0), 0);
  return {
    verdict: check({ ledger, accepted, starts: load.starts, histories, readings }),
    seconds,
    killed: killed.length,
    frozen: frozen.length,
    restarts: havoc.restarts,
    decisions,
    eventsPerRequest: events / accepted.length,
    recovery: {
      killedMs: recoveryOf(killed, traces),
      frozenMs: recoveryOf(frozen, traces),
      workflowTasksMs: workflowTaskRecovery(lostTasks, killed),
    },
  };
}

/** Starts all requests while the havoc goes on; resolves when both are over and every process is up. */
async function strike({ run, size, stack, random, temporal, client, readers, progress }) {
  const startedAt = performance.now();
  let allAccepted = false;
  const load = createLoad({
    run,
    inFlight: size.inFlight,
    gatewayUrl: stack.gatewayUrl,
    client,
    temporal,
    onAccepted: ({ requestId }) => readers.offer(requestId),
  });
  const havoc = startHavoc({
    stack,
    temporal,
    blows: planBlows({ ...run, ...size }, random),
    kills: size.kills,
    freezeMs: size.freezeMs,
    random,
    accepted: () => load.accepted.size,
    isOver: () => allAccepted,
    say: progress.say,
  });
  const tell = () => {
    const elapsed = ((performance.now() - startedAt) / 1000).toFixed(0);
    const killed = havoc.deaths.killed.length;
    progress.say(
      `  ${elapsed} s: ${load.accepted.size} accepted, ${load.unsettled} on their way, ${killed} workers killed`,
    );
  };
  const teller = setInterval(tell, TELL_EVERY_MS);
  try {
    await Promise.all([load.run().then(() => (allAccepted = true)), havoc.finished]);
  } finally {
    clearInterval(teller);
    load.stop();
    tell();
  }
  return { load, havoc };
}

/** Until nothing is unknown any more: a request that is submitted again meets the same faults. */
async function decide({ stack, client, temporal }) {
  const total = { adopted: 0, resubmitted: 0, rounds: 0 };
  while (total.rounds < ROUNDS_OF_DECISIONS) {
    const { adopted, resubmitted } = await decideAll({ client, ledger: await ledgerOf(stack) });
    if (adopted + resubmitted === 0) break;
    total.adopted += adopted;
    total.resubmitted += resubmitted;
    total.rounds += 1;
    await settled(temporal, SETTLE_WITHIN_MS);
  }
  return total;
}

async function ledgerOf(stack) {
  return (await stack.control('GET', 'ledger')).entries;
}
