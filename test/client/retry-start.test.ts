import { expect, test } from 'vitest';
import { retryStart } from '../../src/client/retry-request.ts';
import type { ProcessRequestArgs } from '../../src/contract/request.ts';

const ARGS = { requestId: 'req_1', tenant: 'acme', data: 1, adopt: null } as ProcessRequestArgs;
const MEMO = { tenant: 'acme', inputHash: 'h' };

test('[N18][N1] E12: adopted work keeps the key of its submit over any number of retries', () => {
  const second = retryStart({ args: ARGS, memo: MEMO }, 'req_1', 'job-1');
  expect(second.args).toEqual({ ...ARGS, adopt: 'job-1', submittedAs: 'req_1' });
  expect(second.memo).toEqual({ ...MEMO, retryOf: 'req_1', submittedAs: 'req_1' });
  const third = retryStart(second, 'req_2', 'job-1');
  expect(third.args.submittedAs).toBe('req_1');
  expect(third.memo).toEqual({ ...MEMO, retryOf: 'req_2', submittedAs: 'req_1' });
});

test('[N18] E12: what is sent again has a key of its own: under the old one the provider would repeat its answer', () => {
  const second = retryStart({ args: ARGS, memo: MEMO }, 'req_1', 'job-1');
  const third = retryStart(second, 'req_2', null);
  expect(third).toEqual({ args: ARGS, memo: { ...MEMO, retryOf: 'req_2' } });
});
