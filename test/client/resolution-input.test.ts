import { expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/client/client-errors.ts';
import { checkResolution } from '../../src/client/resolution-input.ts';
import type { ResolveOptions } from '../../src/client/resolve-request.ts';

const WHY = { by: 'jo', reason: 'ticket 4711' };

test.each<[string, ResolveOptions]>([
  ['resubmit', { decision: 'resubmit', ...WHY }],
  ['abandon', { decision: 'abandon', by: 'x'.repeat(200), reason: 'x'.repeat(2000) }],
  ['adopt', { decision: 'adopt', providerRequestId: 'job-1', ...WHY }],
])('[N1] %s is a decision', (_, decision) => {
  expect(() => checkResolution(decision)).not.toThrow();
});

test.each<[string, object, string[]]>([
  ['an unknown decision', { decision: 'retry' }, ['decision']],
  ['a malformed adoption id', { decision: 'adopt', providerRequestId: '../x' }, ['providerRequestId']],
  ['an adoption of nothing', { decision: 'adopt' }, ['providerRequestId']],
  ['an id without an adoption', { decision: 'resubmit', providerRequestId: 'job-1' }, ['providerRequestId']],
  ['nobody and no reason', { decision: 'abandon', by: ' ', reason: '' }, ['by', 'reason']],
  ['an endless reason', { decision: 'abandon', reason: 'x'.repeat(2001) }, ['reason']],
  ['an endless name', { decision: 'abandon', by: 'x'.repeat(201) }, ['by']],
])('[N1][M12] %s is refused by name', (_, decision, paths) => {
  let problems: InvalidRequestError['problems'] = [];
  try {
    checkResolution({ ...WHY, ...decision } as ResolveOptions);
  } catch (error) {
    if (error instanceof InvalidRequestError) problems = error.problems;
  }
  expect(problems.map(({ path }) => path)).toEqual(paths);
});
