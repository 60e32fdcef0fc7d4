/** The word that was probably meant: the same but for case, `_` and `-`, or else at most a third of it changed. Null: none. */
export function nearest(word: string, known: readonly string[]): string | null {
  const plain = (text: string): string => text.replace(/[_-]/g, '').toLowerCase();
  const [best] = known
    .map((one) => ({ one, changes: changesBetween(plain(word), plain(one)) }))
    .toSorted((a, b) => a.changes - b.changes);
  return best && best.changes * 3 <= best.one.length ? best.one : null;
}

/** Letters to add, drop or replace (V. Levenshtein, 1965); of at most the first 40. */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (const letter of from.slice(0, 40)) {
    const next = [(row[0] ?? 0) + 1];
    for (let m = 0; m < to.length; m++) {
      const replaced = (row[m] ?? 0) + (letter === to[m] ? 0 : 1);
      next.push(Math.min(replaced, (row[m + 1] ?? 0) + 1, (next[m] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
