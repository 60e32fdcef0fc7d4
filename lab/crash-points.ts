import type { ScriptedFault } from 'durable-external-api/testing';
import type { Mode } from './evidence.ts';

/**
 * What must have come of a request when it is at rest: its status, how often its `POST /process` arrived, and how often
 * it was executed.
 */
export interface Outcome {
  status: 'completed' | 'failed' | 'outcome_unknown';
  submits: number;
  effects: number;
}

export type Step = 'process' | 'poll' | 'token';

/** A named place in the code path of a request, and what must come of a worker's death there. */
export interface CrashPoint {
  step: Step;
  place: string;
  /** What the provider does to the call. */
  fault?: ScriptedFault['fault'];
  key: Outcome;
  /** Where it differs from `key`. */
  none?: Outcome;
}

/** The lanes. */
export type CrashMode = Exclude<Mode, 'lookup'>;

const ONCE: Outcome = { status: 'completed', submits: 1, effects: 1 };
const TWICE: Outcome = { ...ONCE, submits: 2 };
const REFUSED: Outcome = { status: 'failed', submits: 1, effects: 0 };
const UNKNOWN: Outcome = { status: 'outcome_unknown', submits: 1, effects: 1 };

const CRASH_POINTS: readonly CrashPoint[] = [
  { step: 'process', place: 'before-intent', key: ONCE },
  // Nothing has left, and nobody can know: a false alarm in `none`.
  { step: 'process', place: 'after-intent', key: ONCE, none: { ...UNKNOWN, submits: 0, effects: 0 } },
  { step: 'process', place: 'after-bytes', key: TWICE, none: UNKNOWN },
  { step: 'process', place: 'after-reply', key: TWICE, none: UNKNOWN },
  { step: 'process', place: 'before-completion', key: TWICE, none: UNKNOWN },
  // The reply was lost, the worker knows it, and Temporal does not.
  { step: 'process', place: 'before-failure', fault: { kind: 'executed-no-answer' }, key: TWICE, none: UNKNOWN },
  // What the last record says of it is there, and the end itself is not.
  { step: 'process', place: 'before-final-failure', fault: { kind: 'success-false' }, key: REFUSED },
  ...['before-call', 'after-bytes', 'after-reply', 'before-completion'].flatMap((place): CrashPoint[] => [
    { step: 'poll', place, key: ONCE },
    { step: 'token', place, key: ONCE },
  ]),
];

export function outcomeOf(point: CrashPoint, mode: CrashMode): Outcome {
  return (mode === 'none' ? point.none : undefined) ?? point.key;
}

export function nameOf({ step, place }: Pick<CrashPoint, 'step' | 'place'>): string {
  return `${step}/${place}`;
}

/** The points of a lane: those of `process` in both, of the others each in one, because the mode does not concern them. */
export function pointsOf(mode: CrashMode): CrashPoint[] {
  const other = mode === 'key' ? 'poll' : 'token';
  return CRASH_POINTS.filter(({ step }) => step === 'process' || step === other);
}
