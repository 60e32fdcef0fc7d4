import type { CallerSample } from '../callers/caller.ts';
import { type Figure, figureOf, judge, ratioOf } from '../figures.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';
import { CLIENT_BUDGETS } from '../work.ts';

const FULL_LOAD = 1_000;
const LOADS = [
  { inFlight: 1, calls: 3_000, quickCalls: 500 },
  { inFlight: 100, calls: 12_000, quickCalls: 3_000 },
  { inFlight: FULL_LOAD, calls: 12_000, quickCalls: 4_000 },
];
const KINDS = ['undici', 'client', 'limited'] as const;
const LIMIT_PER_SECOND = (CLIENT_BUDGETS.limited.limit / CLIENT_BUDGETS.limited.windowMs) * 1_000;

/** The provider client alone beside plain undici: `POST /process`, answered at once. */
export async function client({ stack, quick, progress }: SectionContext): Promise<SectionResult> {
  const callers = {
    undici: await stack.caller('undici'),
    client: await stack.caller('client'),
    limited: await stack.caller('limited'),
  };
  for (const kind of KINDS) await callers[kind].ask({ polled: false, inFlight: 100, calls: 3_000 });

  const rows = [];
  for (const { inFlight, calls, quickCalls } of LOADS) {
    const load = { polled: false, inFlight, calls: quick ? quickCalls : calls };
    const samples = await progress.step(`Provider client, ${inFlight} in flight`, () =>
      interleave(quick ? 3 : 6, KINDS, (kind) => callers[kind].ask(load)),
    );
    rows.push(rowOf(inFlight, samples));
  }
  return {
    title: 'The provider client alone, beside plain undici',
    columns: {
      inFlight: 'in flight',
      undiciPerSecond: 'undici calls/s',
      clientPerSecond: 'client calls/s',
      speedRatio: 'ratio',
      limitedPerSecond: 'at 1,000 per 0.1 s',
      limitedRatio: 'ratio',
      undiciP50Ms: 'undici p50 ms',
      clientP50Ms: 'client p50 ms',
      undiciCpuMs: 'undici CPU ms',
      clientCpuMs: 'client CPU ms',
      cpuRatio: 'ratio',
    },
    rows,
    aims: rows
      .filter(({ inFlight }) => inFlight === FULL_LOAD)
      .flatMap(({ speedRatio, limitedRatio }) => [
        aimOf('provider client alone, calls/s of plain undici at 1,000 in flight', speedRatio),
        aimOf('the same at its limit, 1,000 per 0.1 s: of plain undici, or of the limit if that is less', limitedRatio),
      ]),
  };
}

function aimOf(what: string, figure: Figure) {
  return judge({ what, relation: 'at least', bound: 0.8, unit: '×', figure });
}

function rowOf(
  inFlight: number,
  { undici, client: ours, limited }: Record<(typeof KINDS)[number], readonly CallerSample[]>,
) {
  const cpuOfCall = ({ cpuMs, calls }: CallerSample): number => cpuMs / calls;
  const figure = (samples: readonly CallerSample[], of: (sample: CallerSample) => number): Figure =>
    figureOf(samples.map(of));
  return {
    inFlight,
    undiciPerSecond: figure(undici, ({ perSecond }) => perSecond),
    clientPerSecond: figure(ours, ({ perSecond }) => perSecond),
    speedRatio: ratioOf(ours, undici, ({ perSecond }) => perSecond),
    limitedPerSecond: figure(limited, ({ perSecond }) => perSecond),
    limitedRatio: ratioOf(limited, undici, ({ perSecond }) => Math.min(perSecond, LIMIT_PER_SECOND)),
    undiciP50Ms: figure(undici, ({ p50Ms }) => p50Ms),
    clientP50Ms: figure(ours, ({ p50Ms }) => p50Ms),
    undiciCpuMs: figure(undici, cpuOfCall),
    clientCpuMs: figure(ours, cpuOfCall),
    cpuRatio: ratioOf(ours, undici, cpuOfCall),
  };
}
