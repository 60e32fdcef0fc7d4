import { type Fleet, startFleet } from '../budget/fleet.ts';
import { measureBacklog, measurePolling, measureRefusal, measureUrgent, type Sizes } from '../budget/measures.ts';
import { type Figure, figureOf, judge } from '../figures.ts';
import type { SectionContext, SectionResult } from '../section.ts';

const WHOLE: Sizes = { limit: 1000, windowMs: 60_000, bulk: 1500, retryAfterS: 15 };
const QUICK: Sizes = { limit: 100, windowMs: 5_000, bulk: 150, retryAfterS: 3 };

interface BudgetResult extends SectionResult {
  /** Everything that was measured, by the measure's name. */
  parts: object;
}

/** A fleet of two workers before a provider that counts: a backlog, urgent requests behind bulk, and a 429. */
export async function budget({ stack, quick, progress }: SectionContext): Promise<BudgetResult> {
  const sizes = quick ? QUICK : WHOLE;
  const temporalAddress = (await stack.temporal()).address;
  async function inFleet<T>(measure: (fleet: Fleet, sizes: Sizes) => Promise<T>): Promise<T> {
    const fleet = await startFleet({ folder: stack.folder, temporalAddress, ...sizes });
    try {
      return await measure(fleet, sizes);
    } finally {
      await fleet.stop();
    }
  }

  const parts = {
    backlog: await progress.step('A backlog of three windows', () => inFleet(measureBacklog)),
    urgent: await progress.step('Urgent requests behind bulk', () => inFleet(measureUrgent)),
    refusal: await progress.step('A 429 in the middle', () => inFleet(measureRefusal)),
    polling: await progress.step('Jobs of 2 s, polled', () => inFleet(measurePolling)),
  };
  const { backlog, urgent, refusal, polling } = parts;
  return {
    title: `The call budget: ${sizes.limit} calls in ${sizes.windowMs / 1000} s, two workers, Redis`,
    columns: { what: '', value: 'measured' },
    rows: [
      { what: 'backlog: calls after the first burst, to the ideal', value: one(backlog.toIdeal) },
      { what: 'backlog: most calls in any window', value: backlog.worst },
      { what: 'backlog: answers 429', value: backlog.refused },
      { what: 'backlog: calls/s in the first burst', value: one(backlog.burstPerSecond) },
      { what: 'backlog: calls per request', value: one(backlog.callsPerRequest) },
      { what: 'backlog: token calls', value: backlog.tokenCalls },
      { what: 'urgent behind bulk: start to arrival, ms (p50)', value: one(urgent.p50Ms) },
      { what: 'urgent behind bulk: start to arrival, ms (max)', value: one(urgent.maxMs) },
      { what: 'after a 429: calls that still arrived', value: refusal.after },
      { what: 'after a 429: calls on the wire then', value: refusal.onTheWire },
      { what: 'polled: calls per request, once the time of jobs is known', value: one(polling.callsPerRequest) },
      { what: 'polled: detection lag, ms (p50)', value: one(polling.lagP50Ms) },
      { what: 'polled: detection lag, ms (p99)', value: one(polling.lagP99Ms) },
      { what: 'after re-opening: s to full speed', value: one(refusal.fullSpeedS) },
    ],
    parts,
    aims: [
      atMost(1.02, '×', 'backlog, to the ideal', backlog.toIdeal),
      atMost(0, '', 'most calls in any window, over the limit', Math.max(0, backlog.worst - sizes.limit)),
      atMost(0, '', 'answers 429 in the backlog', backlog.refused),
      atMost(2000, ' ms', 'urgent behind bulk, the latest arrival', urgent.maxMs),
      atMost(3, '', 'calls per polled request', polling.callsPerRequest),
      atMost(2, ' s', 'full speed after a 429', refusal.fullSpeedS),
    ],
  };
}

function atMost(bound: number, unit: string, what: string, value: number) {
  return judge({ what, relation: 'at most', bound, unit, figure: one(value) });
}

function one(value: number): Figure {
  return figureOf([value]);
}
