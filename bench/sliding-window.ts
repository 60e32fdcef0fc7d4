/** The most of `times` in any window of `windowMs`: what a provider counts. */
export function worstWindow(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let worst = 0;
  for (const [last, end] of sorted.entries()) {
    while ((sorted[first] ?? Infinity) <= end - windowMs) first++;
    worst = Math.max(worst, last - first + 1);
  }
  return worst;
}
