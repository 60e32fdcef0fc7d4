/** The most of `times` in any window of `windowMs`: what a provider counts. */
export function worstWindow(times, windowMs) {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let worst = 0;
  sorted.forEach((end, last) => {
    while (sorted[first] <= end - windowMs) first++;
    worst = Math.max(worst, last - first + 1);
  });
  return worst;
}
