/** The same thing measured in several rounds. */
export interface Figure {
  median: number;
  min: number;
  max: number;
}

/** @param values at least one */
export function figureOf(values: readonly number[]): Figure {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The value below which `q` of all values lie, between two of them where need be; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * `a` to `b`, round by round: what slows the machine down for a while slows both, and leaves their ratio alone.
 *
 * @param a samples, one a round
 */
export function ratioOf<Sample>(a: readonly Sample[], b: readonly Sample[], of: (sample: Sample) => number): Figure {
  return figureOf(pairs(a, b).map(([one, other]) => of(one) / of(other)));
}

/** What `of` says of `a` more than of `b`, round by round. */
export function differenceOf<Sample>(
  a: readonly Sample[],
  b: readonly Sample[],
  of: (sample: Sample) => number,
): Figure {
  return figureOf(pairs(a, b).map(([one, other]) => of(one) - of(other)));
}

function pairs<Sample>(a: readonly Sample[], b: readonly Sample[]): [Sample, Sample][] {
  return a.flatMap((one, round) => {
    const other = b[round];
    return other === undefined ? [] : [[one, other] as [Sample, Sample]];
  });
}

/** An aim, and what was measured. */
export interface Aim {
  what: string;
  relation: 'at least' | 'at most';
  bound: number;
  unit: string;
  figure: Figure;
}

export interface JudgedAim extends Aim {
  met: boolean;
}

/** Whether the median met the aim. */
export function judge(aim: Aim): JudgedAim {
  const { relation, bound, figure } = aim;
  return { ...aim, met: relation === 'at least' ? figure.median >= bound : figure.median <= bound };
}
