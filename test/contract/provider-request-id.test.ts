import { expect, test } from 'vitest';
import { isProviderRequestId } from '../../src/contract/names.ts';

test.each([
  'a',
  'job_1.2~3:4-5',
  '...',
  'a/b',
  'projects/1/jobs/2',
  '/v1/jobs/7?api=2',
  '/v1/jobs/7?in=/a/../b',
  '/v1/jobs/7?at=https://x/.',
  '9007199254740993',
  'x'.repeat(1000),
])('[M12][N8][N13] %j may be the id or the path of work', (id) => {
  expect(isProviderRequestId(id)).toBe(true);
});

test.each([
  '',
  '.',
  '..',
  '../unit',
  'a/../b',
  'a/..',
  'a/.',
  'a/..?x',
  '/a/../b?x=1',
  'a b',
  'ä',
  'a\n',
  'x'.repeat(1001),
])('[M12][N8][N13] %j may not', (id) => {
  expect(isProviderRequestId(id)).toBe(false);
});
