import { expect, it } from 'vitest';
import { summarize } from './test-summary.ts';

const passed = (title: string) => ({ title, state: 'passed' as const });
const failed = (title: string) => ({ title, state: 'failed' as const });

it('[M20] a requirement is proven by a passing test that cites it, and by nothing else', () => {
  const results = [
    passed('[A1][A2] works'),
    failed('[A3] breaks'),
    passed('speaks of [A4] later'),
    passed('[A5] all > one'),
  ];
  expect(summarize(results, 0, ['A1', 'A2', 'A3', 'A4', 'A5']).unproven).toEqual(['A3', 'A4']);
});

it('[M20] an id that is not a requirement fails the run, and is named with its title', () => {
  const summary = summarize([passed('[A1][A9] works')], 0, ['A1']);
  expect(summary).toMatchObject({ passed: 1, failed: 1, unknown: [{ title: '[A1][A9] works', ids: ['A9'] }] });
});

it('[M20] failures outside of tests, and tests that never ended, count as failed; skipped ones count as nothing', () => {
  const results = [passed('a'), failed('b'), { title: 'c', state: 'pending' as const }];
  expect(summarize([...results, { title: 'd', state: 'skipped' }], 2, [])).toMatchObject({ passed: 1, failed: 4 });
});
