import { figureOf, judge, ratioOf } from '../figures.mjs';
import { interleave } from '../rounds.mjs';

/** CPU of a replay: one history of each workflow, recorded now, replayed over and over in a process of its own. */
export async function replay({ stack, quick, progress }) {
  await stack.worker();
  await stack.bareWorker();
  const bundles = await stack.bundles();
  const workflowIds = {};
  for (const caller of ['bare', 'durable']) {
    const { workflowId } = await (await stack.caller(caller, true)).ask({ polled: true, inFlight: 1, calls: 1 });
    workflowIds[caller] = workflowId;
  }

  const replayer = await stack.replayer();
  const replays = quick ? 80 : 250;
  const { bare, durable } = await progress.step(`Replaying each workflow ${replays} times a round`, () =>
    interleave(quick ? 2 : 6, ['bare', 'durable'], (kind) =>
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
