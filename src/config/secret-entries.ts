import type { z } from 'zod';

/**
 * Takes a list of secrets, separated by commas or line breaks, entry by entry. A bad one is named by its position alone:
 * whoever put a secret there must not find it in a log.
 *
 * @param expected what an entry is
 * @param take takes one; else says what is wrong with it, as the end of a sentence that begins with it
 */
export function takeEntries(
  value: string,
  context: z.core.$RefinementCtx,
  expected: string,
  take: (entry: string) => string | null,
): void {
  const complain = (message: string): void => context.addIssue({ code: 'custom', message });
  const entries = value
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) complain(`has no entry: expected ${expected}`);
  for (const [n, entry] of entries.entries()) {
    const problem = take(entry);
    if (problem !== null) complain(`entry ${n + 1} ${problem}`);
  }
}
