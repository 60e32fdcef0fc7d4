import { figureOf, judge, ratioOf } from '../figures.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';

const KINDS = ['bare', 'durable'] as const;

/** CPU of a replay: one history of each workflow, recorded now, replayed over and over in a process of its own. */
export async function replay({ stack, quick, progress }: SectionContext): Promise<SectionResult> {
  await stack.worker();
  await stack.bareWorker();
  const bundles = await stack.bundles();
  const workflowIds = { bare: '', durable: '' };
  for (const kind of KINDS) {
    const caller = await stack.caller(kind, true);
    const { workflowId } = await caller.ask({ polled: true, inFlight: 1, calls: 1 });
    if (workflowId === undefined) throw new Error(`The caller ${kind} named no workflow.`);
    workflowIds[kind] = workflowId;
  }

  const replayer = await stack.replayer();
  const replays = quick ? 80 : 250;
  const { bare, durable } = await progress.step(`Replaying each workflow ${replays} times a round`, () =>
    interleave(quick ? 2 : 6, KINDS, (kind) =>
      replayer.ask({ workflowId: workflowIds[kind], bundle: bundles[kind], replays }),
    ),
  );
  const cpuRatio = ratioOf(durable, bare, ({ cpuMs }) => cpuMs);
  return {
    title: 'Replay of a request with three activities, beside the bare workflow',
    columns: { bareCpuMs: 'bare CPU ms', durableCpuMs: 'ours CPU ms', cpuRatio: 'ratio' },
    rows: [
      {
        bareCpuMs: figureOf(bare.map(({ cpuMs }) => cpuMs)),
        durableCpuMs: figureOf(durable.map(({ cpuMs }) => cpuMs)),
        cpuRatio,
      },
    ],
    aims: [
      judge({
        what: "CPU of replaying our workflow, to the bare one's",
        relation: 'at most',
        bound: 1.1,
        unit: '×',
        figure: cpuRatio,
      }),
    ],
  };
}
