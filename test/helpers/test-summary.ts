export interface TestResult {
  /** With its groups' titles before it: `group > test`. */
  title: string;
  state: 'passed' | 'failed' | 'skipped' | 'pending';
}

export interface TestSummary {
  passed: number;
  failed: number;
  /** Titles that cite ids which are not in the list of requirements. Each counts as a failure. */
  unknown: { title: string; ids: string[] }[];
  /** Requirements without a test that passed. */
  unproven: string[];
}

/**
 * What a run proved. A test that was begun and did not end, because the run broke off, has failed.
 *
 * @param brokenCount failures that belong to no test: files that do not load, hooks, unhandled errors
 */
export function summarize(
  results: readonly TestResult[],
  brokenCount: number,
  requirements: readonly string[],
): TestSummary {
  const count = (...states: TestResult['state'][]) => results.filter(({ state }) => states.includes(state)).length;
  const unknown = results
    .map(({ title }) => ({ title, ids: citedIds(title).filter((id) => !requirements.includes(id)) }))
    .filter(({ ids }) => ids.length > 0);
  const proven = new Set(results.filter(({ state }) => state === 'passed').flatMap(({ title }) => citedIds(title)));
  return {
    passed: count('passed'),
    failed: count('failed', 'pending') + brokenCount + unknown.length,
    unknown,
    unproven: requirements.filter((id) => !proven.has(id)),
  };
}

/** `[M5][M6] a 429 …` cites M5 and M6; so does a test in a group with that title (`group > test`). */
function citedIds(title: string): string[] {
  const prefixes = title.split(' > ').map((part) => /^(?:\[[A-Z]+\d+\])+/.exec(part)?.[0] ?? '');
  return prefixes.flatMap((prefix) => prefix.match(/[A-Z]+\d+/g) ?? []);
}
