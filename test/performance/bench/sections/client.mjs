import { figureOf, judge, ratioOf } from '../figures.mjs';
import { interleave } from '../rounds.mjs';

const LOADS = [
  { inFlight: 1, calls: 3_000, quickCalls: 500 },
  { inFlight: 100, calls: 12_000, quickCalls: 3_000 },
  { inFlight: 1_000, calls: 12_000, quickCalls: 4_000 },
];

/** The provider client alone beside plain undici: `POST /process`, answered at once. */
export async function client({ stack, quick, progress }) {
  const callers = { undici: await stack.caller('undici'), client: await stack.caller('client') };
  for (const caller of Object.values(callers)) await caller.ask({ polled: false, inFlight: 100, calls: 3_000 });

  const rows = [];
  for (const { inFlight, calls, quickCalls } of LOADS) {
    const load = { polled: false, inFlight, calls: quick ? quickCalls : calls };
    const { undici, client: ours } = await progress.step(`Provider client, ${inFlight} in flight`, () =>
      interleave(quick ? 3 : 6, Object.keys(callers), (caller) => callers[caller].ask(load)),
    );
    rows.push({
      inFlight,
      undiciPerSecond: figureOf(undici.map(({ perSecond }) => perSecond)),
      clientPerSecond: figureOf(ours.map(({ perSecond }) => perSecond)),
      speedRatio: ratioOf(ours, undici, ({ perSecond }) => perSecond),
      undiciP50Ms: figureOf(undici.map(({ p50Ms }) => p50Ms)),
      clientP50Ms: figureOf(ours.map(({ p50Ms }) => p50Ms)),
      undiciCpuMs: figureOf(undici.map((sample) => sample.cpuMs / sample.calls)),
      clientCpuMs: figureOf(ours.map((sample) => sample.cpuMs / sample.calls)),
      cpuRatio: ratioOf(ours, undici, (sample) => sample.cpuMs / sample.calls),
    });
  }
  return {
    title: 'The provider client alone, beside plain undici',
    columns: {
      inFlight: 'in flight',
      undiciPerSecond: 'undici calls/s',
      clientPerSecond: 'client calls/s',
      speedRatio: 'ratio',
      undiciP50Ms: 'undici p50 ms',
      clientP50Ms: 'client p50 ms',
      undiciCpuMs: 'undici CPU ms',
      clientCpuMs: 'client CPU ms',
      cpuRatio: 'ratio',
    },
    rows,
    aims: [
      judge({
        what: 'provider client alone, calls/s of plain undici at 1,000 in flight',
        relation: 'at least',
        bound: 0.8,
        unit: '×',
        figure: rows.at(-1).speedRatio,
      }),
    ],
  };
}
