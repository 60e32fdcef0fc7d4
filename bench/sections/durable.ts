import type { CallerSample } from '../callers/caller.ts';
import { cpuMsOf } from '../cpu.ts';
import { differenceOf, type Figure, figureOf, judge, ratioOf } from '../figures.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';
import { KEYED_NAMESPACE } from '../stack.ts';

interface SectionLoad {
  inFlight: number;
  calls: number;
  /** The same job without Temporal is so quick that it takes more of them to measure it. */
  directCalls: number;
  rounds: number;
}

/** The load that the aim is about. */
const AIM_IN_FLIGHT = 100;
const LOADS: readonly SectionLoad[] = [
  { inFlight: 1, calls: 30, directCalls: 1_000, rounds: 5 },
  { inFlight: AIM_IN_FLIGHT, calls: 200, directCalls: 5_000, rounds: 9 },
  { inFlight: 1_000, calls: 1_000, directCalls: 5_000, rounds: 1 },
];
const QUICK_LOADS: readonly SectionLoad[] = [
  { inFlight: 1, calls: 15, directCalls: 300, rounds: 1 },
  { inFlight: AIM_IN_FLIGHT, calls: 150, directCalls: 1_500, rounds: 1 },
];

const KINDS = ['client', 'bare', 'durable', 'keyed'] as const;
type Kind = (typeof KINDS)[number];
const NAMES: Record<Kind, string> = {
  client: 'provider client',
  bare: 'bare workflow',
  durable: 'ours, mode none',
  keyed: 'ours, mode key',
};

/** Of the bare workflow's speed: mode `none` makes one call to the server more, which the bare one does without. */
const AIMS = { durable: 0.9, keyed: 0.95 } as const;

/** CPU of one request, by who used it. */
interface Sample extends CallerSample {
  serverMs: number;
  workerMs: number;
  callerMs: number;
}

interface DurableResult extends SectionResult {
  /** Ours to the bare workflow. */
  ratios: { inFlight: number; kind: keyof typeof AIMS; speedRatio: Figure }[];
}

/** Our requests, the same three activities in a bare workflow, and the same calls by the provider client alone. */
export async function durable({ stack, quick, progress }: SectionContext): Promise<DurableResult> {
  const server = await stack.temporal();
  const workers = {
    durable: await stack.worker(),
    keyed: await stack.keyedWorker(),
    bare: await stack.bareWorker(),
    client: null,
  };
  const callers = {
    client: await stack.caller('client'),
    bare: await stack.caller('bare', true),
    durable: await stack.caller('durable', true),
    keyed: await stack.caller('durable', true, KEYED_NAMESPACE),
  };

  async function measure(kind: Kind, { inFlight, calls, directCalls }: SectionLoad): Promise<Sample> {
    const worker = workers[kind];
    const load = { polled: true, inFlight, calls: worker ? calls : directCalls };
    const before = { server: cpuMsOf(server.pid), worker: worker ? cpuMsOf(worker.pid) : 0 };
    const sample = await callers[kind].ask(load);
    return {
      ...sample,
      serverMs: (cpuMsOf(server.pid) - before.server) / sample.calls,
      workerMs: worker ? (cpuMsOf(worker.pid) - before.worker) / sample.calls : 0,
      callerMs: sample.cpuMs / sample.calls,
    };
  }

  for (const kind of KINDS) await callers[kind].ask({ polled: true, inFlight: 20, calls: 60 });
  const rows = [];
  const ratios = [];
  for (const load of quick ? QUICK_LOADS : LOADS) {
    const { inFlight, rounds } = load;
    const samples = await progress.step(`Requests, ${inFlight} in flight`, () =>
      interleave(rounds, KINDS, (kind) => measure(kind, load)),
    );
    rows.push(...KINDS.map((kind) => rowOf(inFlight, kind, samples[kind], samples.client)));
    for (const kind of ['durable', 'keyed'] as const) {
      ratios.push({ inFlight, kind, speedRatio: ratioOf(samples[kind], samples.bare, ({ perSecond }) => perSecond) });
    }
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
    aims: ratios
      .filter(({ inFlight }) => inFlight === AIM_IN_FLIGHT)
      .map(({ kind, speedRatio }) =>
        judge({
          what: `requests/s at 100 in flight, ${NAMES[kind]}, to the bare workflow`,
          relation: 'at least',
          bound: AIMS[kind],
          unit: '×',
          figure: speedRatio,
        }),
      ),
  };
}

function rowOf(inFlight: number, kind: Kind, samples: readonly Sample[], direct: readonly Sample[]) {
  const figure = (of: (sample: Sample) => number): Figure => figureOf(samples.map(of));
  return {
    inFlight,
    kind: NAMES[kind],
    perSecond: figure(({ perSecond }) => perSecond),
    speedToClient: ratioOf(samples, direct, ({ perSecond }) => perSecond),
    p50Ms: figure(({ p50Ms }) => p50Ms),
    addedMs: differenceOf(samples, direct, ({ p50Ms }) => p50Ms),
    callerMs: figure(({ callerMs }) => callerMs),
    workerMs: figure(({ workerMs }) => workerMs),
    serverMs: figure(({ serverMs }) => serverMs),
    repeatedStarts: figure(({ repeatedStarts }) => repeatedStarts),
  };
}
