/** @typedef {{ median: number, min: number, max: number }} Figure the same thing measured in several rounds */

/** @param {readonly number[]} values at least one @returns {Figure} */
export function figureOf(values) {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The value below which `q` of all values lie, between two of them where need be. */
export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  return below + (sorted[Math.ceil(position)] - below) * (position - Math.floor(position));
}

/**
 * `a` to `b`, round by round: what slows the machine down for a while slows both, and leaves their ratio alone.
 *
 * @param {readonly object[]} a samples, one a round
 * @param {readonly object[]} b
 * @param {(sample: object) => number} of
 */
export function ratioOf(a, b, of) {
  return figureOf(a.map((sample, round) => of(sample) / of(b[round])));
}

/** An aim and whether the median met it. @param {'at least' | 'at most'} relation */
export function judge({ what, relation, bound, unit, figure }) {
  const met = relation === 'at least' ? figure.median >= bound : figure.median <= bound;
  return { what, relation, bound, unit, figure, met };
}
