import { cpuMsOf } from '../cpu.mjs';
import { figureOf, judge, ratioOf } from '../figures.mjs';
import { interleave } from '../rounds.mjs';

/** `directCalls`: the same job without Temporal is so quick that it takes more of them to measure it. */
const LOADS = [
  { inFlight: 1, calls: 30, directCalls: 1_000, rounds: 5 },
  { inFlight: 100, calls: 200, directCalls: 5_000, rounds: 9 },
  { inFlight: 1_000, calls: 1_000, directCalls: 5_000, rounds: 1 },
];
const QUICK_LOADS = [
  { inFlight: 1, calls: 15, directCalls: 300, rounds: 1 },
  { inFlight: 100, calls: 150, directCalls: 1_500, rounds: 1 },
];

/** Our requests, the same three activities in a bare workflow, and the same calls by the provider client alone. */
export async function durable({ stack, quick, progress }) {
  const server = await stack.temporal();
  const workers = { durable: await stack.worker(), bare: await stack.bareWorker() };
  const callers = {
    client: await stack.caller('client'),
    bare: await stack.caller('bare', true),
    durable: await stack.caller('durable', true),
  };

  async function measure(caller, { inFlight, calls, directCalls }) {
    const worker = workers[caller];
    const load = { polled: true, inFlight, calls: worker ? calls : directCalls };
    const cpuBefore = { server: cpuMsOf(server.pid), worker: worker && cpuMsOf(worker.pid) };
    const sample = await callers[caller].ask(load);
    return {
      ...sample,
      serverMs: (cpuMsOf(server.pid) - cpuBefore.server) / sample.calls,
      workerMs: worker ? (cpuMsOf(worker.pid) - cpuBefore.worker) / sample.calls : 0,
      callerMs: sample.cpuMs / sample.calls,
    };
  }

  for (const caller of Object.values(callers)) await caller.ask({ polled: true, inFlight: 20, calls: 60 });
  const rows = [];
  const ratios = [];
  for (const load of quick ? QUICK_LOADS : LOADS) {
    const { inFlight, rounds } = load;
    const samples = await progress.step(`Requests, ${inFlight} in flight`, () =>
      interleave(rounds, Object.keys(callers), (caller) => measure(caller, load)),
    );
    rows.push(...Object.keys(callers).map((kind) => rowOf(inFlight, kind, samples[kind], samples.client)));
    ratios.push({ inFlight, speedRatio: ratioOf(samples.durable, samples.bare, ({ perSecond }) => perSecond) });
  }
  return {
    title: 'Requests with three activities (submitted, polled once)',
    columns: {
      inFlight: 'in flight',
      kind: '',
      perSecond: 'requests/s',
      speedToClient: 'to the client',
      p50Ms: 'p50 ms',
      addedMs: 'added ms',
      callerMs: 'caller CPU ms',
      workerMs: 'worker CPU ms',
      serverMs: 'server CPU ms',
      repeatedStarts: 'starts repeated',
    },
    rows,
    ratios,
    aims: [
      judge({
        what: 'requests/s at 100 in flight, to the bare workflow',
        relation: 'at least',
        bound: 0.95,
        unit: '×',
        figure: ratios.find(({ inFlight }) => inFlight === 100).speedRatio,
      }),
    ],
  };
}

const KINDS = { client: 'provider client', bare: 'bare workflow', durable: 'ours' };

function rowOf(inFlight, kind, samples, direct) {
  const figure = (of) => figureOf(samples.map(of));
  return {
    inFlight,
    kind: KINDS[kind],
    perSecond: figure(({ perSecond }) => perSecond),
    speedToClient: ratioOf(samples, direct, ({ perSecond }) => perSecond),
    p50Ms: figure(({ p50Ms }) => p50Ms),
    addedMs: figureOf(samples.map(({ p50Ms }, round) => p50Ms - direct[round].p50Ms)),
    callerMs: figure(({ callerMs }) => callerMs),
    workerMs: figure(({ workerMs }) => workerMs),
    serverMs: figure(({ serverMs }) => serverMs),
    repeatedStarts: figure(({ repeatedStarts }) => repeatedStarts),
  };
}
