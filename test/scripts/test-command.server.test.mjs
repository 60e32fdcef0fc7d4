import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const IMPORT = `import { expect, it } from 'vitest';`;
const PASSING = `it('passes', () => expect(1).toBe(1));`;
const FAILING = `it('fails', () => expect(1).toBe(2));`;
const SKIPPED = `it.skip('is skipped', () => {});`;

/** Runs `npm test` over one file with `tests`, in a vitest configuration of its own with our reporter. */
function npmTest(tests, ...args) {
  mkdirSync(join(ROOT, '.data'), { recursive: true });
  const root = mkdtempSync(join(ROOT, '.data', 'test-command-')); // In the checkout, where vitest is found.
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const reporter = join(ROOT, 'test/helpers/requirements-reporter.ts');
  const config = join(root, 'vitest.config.mjs');
  writeFileSync(config, `export default ${JSON.stringify({ test: { root, reporters: ['default', reporter] } })};`);
  writeFileSync(join(root, 'some.test.mjs'), [IMPORT, ...tests].join('\n'));
  const script = join(ROOT, 'scripts/test.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--config', config, ...args], {
    encoding: 'utf8',
  });
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr };
}

it.each([
  ['every test passes', [PASSING], 0, '1 passed, 0 failed'],
  ['a test fails', [PASSING, FAILING], 1, '1 passed, 1 failed'],
  ['a file does not load', [`throw new Error('x');`], 1, '0 passed, 1 failed'],
  ['an error is thrown outside of tests', [PASSING, `void Promise.reject(new Error('x'));`], 1, '1 passed, 1 failed'],
  ['every test is skipped', [SKIPPED], 1, '0 passed, 0 failed'],
])('[M20] npm test when %s: the exit code and the last line say so', (_, tests, status, lastLine) => {
  expect(npmTest(tests)).toMatchObject({ status, lastLine });
});

it('[M20] npm test passes further arguments to vitest, and no test at all is a failure', () => {
  expect(npmTest([PASSING], '-t', 'no such title')).toMatchObject({ status: 1, lastLine: '0 passed, 0 failed' });
});

it('[M20] npm test fails on a title that cites an unknown requirement, and prints those without a passing test', () => {
  const cited = [`it('[M20] x', () => {});`, `it('[X99] y', () => {});`];
  const { status, lastLine, output } = npmTest(cited);
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: '2 passed, 1 failed' });
  expect(output).toContain('Unknown requirement X99 in the title "[X99] y"');
  expect(output).toMatch(/^Requirements without a passing test: C1 (?!.*M20)/m);
});
