import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { REQUIREMENTS } from '../requirements.ts';
import { type TestResult, summarize } from './test-summary.ts';

/**
 * Counts the run's results, says which requirements no test proves, and fails on ids that nobody knows. The counts go
 * to the file TEST_SUMMARY_FILE for scripts/test.mjs, which must have the last word; without it they are printed here.
 */
export default class RequirementsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const results = modules.flatMap((module) => Array.from(module.children.allTests(), resultOf));
    // A file that does not load, a hook that throws: no test fails, and still something did.
    const broken = modules.flatMap((module) =>
      [module, ...module.children.allSuites()].flatMap((suite) => suite.errors()),
    );
    const summary = summarize(results, broken.length + unhandledErrors.length, Object.keys(REQUIREMENTS));

    for (const { title, ids } of summary.unknown) {
      console.error(`Unknown requirement ${ids.join(', ')} in the title "${title}": test/requirements.ts lists them.`);
    }
    if (summary.unproven.length > 0) console.log(`Requirements without a passing test: ${summary.unproven.join(' ')}`);

    const { passed, failed } = summary;
    if (failed > 0 || passed === 0) process.exitCode = 1;
    const file = process.env['TEST_SUMMARY_FILE'];
    if (file === undefined) console.log(`${passed} passed, ${failed} failed`);
    else writeFileSync(file, JSON.stringify({ passed, failed }));
  }
}

function resultOf(test: TestCase): TestResult {
  return { title: test.fullName, state: test.result().state };
}
