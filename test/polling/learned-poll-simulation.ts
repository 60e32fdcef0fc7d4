import { LENGTHS_NEEDED, remembered } from '../../src/polling/job-times.ts';
import { learnedDelay, pollDelay } from '../../src/polling/poll-plan.ts';

type Random = () => number;

/** How long a job takes, as a multiple of the kind's usual length. */
export const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  'always the same': () => 1,
  'within a few percent': (random) => 1 + 0.02 * normal(random),
  'within a fifth': (random) => Math.max(0.2, 1 + 0.1 * normal(random)),
  'uniform from half to one and a half': (random) => 0.5 + random(),
  exponential: (random) => -Math.log(1 - random()),
  'log-normal': (random) => Math.exp(0.8 * normal(random)),
  'seven of ten ten times shorter': (random) => (random() < 0.7 ? 0.3 : 3) * (0.9 + 0.2 * random()),
  'one of ten a hundred times longer': (random) => (random() < 0.9 ? 0.1 : 10) * (0.9 + 0.2 * random()),
};

export interface Kind {
  /** Length of the next job, in milliseconds. */
  next: () => number;
  random: Random;
  /** What was learned so far, newest first. */
  lengths: readonly number[];
}

export function kindOf(distribution: string, usualMs: number, seed = 1): Kind {
  const random = seededRandom(seed);
  const multiple = DISTRIBUTIONS[distribution];
  if (multiple === undefined) throw new Error(`no such distribution: ${distribution}`);
  return { next: () => Math.max(1, Math.round(multiple(random) * usualMs)), random, lengths: [] };
}

const POLICY = { pollInitialMs: 1_000, pollMaxMs: 60_000 };

/** Makes one request, learns from it, and returns its polls and when the last one went out. No time is lost on the way. */
export function request(
  kind: Kind,
  plan: 'learned' | 'fixed',
  lengthMs = kind.next(),
): { polls: number; lagMs: number } {
  let [polls, elapsedMs] = [0, 0];
  while (polls === 0 || elapsedMs < lengthMs) {
    const learned = { lengths: kind.lengths, elapsedMs, callbackExpected: false };
    const random = kind.random();
    const delay = plan === 'learned' ? learnedDelay(polls, learned, POLICY, random) : null;
    elapsedMs += delay ?? pollDelay(polls, POLICY, { hintMs: null, random });
    polls++;
  }
  kind.lengths = remembered(kind.lengths, lengthMs);
  return { polls, lagMs: elapsedMs - lengthMs };
}

/** Whether the poll goes out before the callback of a job of this length, which is then learned. */
export function pollsBeforeCallback(kind: Kind, lengthMs = kind.next()): boolean {
  const learned = { lengths: kind.lengths, elapsedMs: 0, callbackExpected: true };
  const delay = learnedDelay(0, learned, POLICY, kind.random());
  kind.lengths = remembered(kind.lengths, lengthMs);
  return delay !== null && delay < lengthMs;
}

/** Requests until the plan is the learned one. */
export function warmUp(kind: Kind): void {
  for (let n = 0; n < LENGTHS_NEEDED; n++) kind.lengths = remembered(kind.lengths, kind.next());
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** mulberry32: small, and the same everywhere. */
function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
