/**
 * @typedef {{ status: 'completed' | 'outcome_unknown', submits: number, effects: number }} Outcome what must have come of
 *   a request when it is at rest: its status, how often its `POST /process` arrived, and how often it was executed
 */

/** @type {Outcome} */
const ONCE = { status: 'completed', submits: 1, effects: 1 };

/**
 * Named places in the code path of a request, and what must come of a worker's death there; where `none` differs from
 * `key`, in a column of its own. `fault`: what the provider does to the call.
 *
 * @type {readonly { step: 'process' | 'poll' | 'token', place: string, fault?: object, key: Outcome, none?: Outcome }[]}
 */
const CRASH_POINTS = [
  { step: 'process', place: 'before-intent', key: ONCE },
  // Nothing has left, and nobody can know: a false alarm in `none`.
  {
    step: 'process',
    place: 'after-intent',
    key: ONCE,
    none: { status: 'outcome_unknown', submits: 0, effects: 0 },
  },
  {
    step: 'process',
    place: 'after-bytes',
    key: { ...ONCE, submits: 2 },
    none: { status: 'outcome_unknown', submits: 1, effects: 1 },
  },
  {
    step: 'process',
    place: 'after-reply',
    key: { ...ONCE, submits: 2 },
    none: { status: 'outcome_unknown', submits: 1, effects: 1 },
  },
  // The answer is recorded, and only the activity's end is not.
  { step: 'process', place: 'before-completion', key: ONCE },
  // The reply was lost, the worker knows it, and Temporal does not.
  {
    step: 'process',
    place: 'before-failure',
    fault: { kind: 'executed-no-answer' },
    key: { ...ONCE, submits: 2 },
    none: { status: 'outcome_unknown', submits: 1, effects: 1 },
  },
  ...['before-call', 'after-bytes', 'after-reply', 'before-completion'].flatMap((place) => [
    { step: 'poll', place, key: ONCE },
    { step: 'token', place, key: ONCE },
  ]),
];

/** @returns {Outcome} */
export function outcomeOf(point, mode) {
  return (mode === 'none' && point.none) || point.key;
}

export const nameOf = ({ step, place }) => `${step}/${place}`;

/** The points of a lane: those of `process` in both, of the others each in one, because the mode does not concern them. */
export function pointsOf(mode) {
  const other = mode === 'key' ? 'poll' : 'token';
  return CRASH_POINTS.filter(({ step }) => step === 'process' || step === other);
}
