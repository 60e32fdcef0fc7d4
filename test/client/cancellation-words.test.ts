import { expect, test } from 'vitest';
import { cancellationWords } from '../../src/client/cancellation-words.ts';

test.each([
  ['completed', 'it had finished first; the result is kept'],
  ['failed', 'it had failed first: there is no result'],
  ['timed_out', 'it had failed first: there is no result'],
] as const)('[N11] E1: a cancellation that came too late for a request that is %s: %s', (status, words) => {
  expect(cancellationWords({ status, cancellation: 'finished_anyway' })).toBe(words);
});

test('[N11] nobody asked for it', () => {
  expect(cancellationWords({ status: 'failed', cancellation: null })).toBeNull();
});
