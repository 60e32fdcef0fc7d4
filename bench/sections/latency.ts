import { differenceOf, figureOf, judge } from '../figures.ts';
import { interleave } from '../rounds.ts';
import type { SectionContext, SectionResult } from '../section.ts';

const KINDS = ['client', 'durable'] as const;

/** One request alone, answered at once by the provider: from `client.process` to its result, beside the call alone. */
export async function latency({ stack, quick, progress }: SectionContext): Promise<SectionResult> {
  await stack.worker();
  const callers = { client: await stack.caller('client'), durable: await stack.caller('durable', true) };
  for (const kind of KINDS) await callers[kind].ask({ polled: false, inFlight: 1, calls: 20 });

  const load = { polled: false, inFlight: 1, calls: quick ? 10 : 30 };
  const { client, durable } = await progress.step('One request alone', () =>
    interleave(quick ? 3 : 6, KINDS, (kind) => callers[kind].ask(load)),
  );
  const addedMs = differenceOf(durable, client, ({ p50Ms }) => p50Ms);
  return {
    title: 'One synchronous request alone (two activities)',
    columns: { clientP50Ms: 'the call alone, p50 ms', durableP50Ms: 'the request, p50 ms', addedMs: 'added ms' },
    rows: [
      {
        clientP50Ms: figureOf(client.map(({ p50Ms }) => p50Ms)),
        durableP50Ms: figureOf(durable.map(({ p50Ms }) => p50Ms)),
        addedMs,
      },
    ],
    aims: [judge({ what: 'one request alone adds', relation: 'at most', bound: 60, unit: ' ms', figure: addedMs })],
  };
}
