import { expect, test, vi } from 'vitest';
import { retryAll } from '../../src/cli/retry-all.ts';
import type { ExternalApiClient, ListOptions } from '../../src/client/index.ts';

test.each([
  // No list calls timed out what failed; a list may call failed what timed out.
  ['failed', ['failed']],
  ['timed_out', ['failed', 'timed_out']],
] as const)('[N18] E12: to retry what %s, the requests of these lists are read: %j', async (status, lists) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const asked: ListOptions['status'][] = [];
  const list = (options: ListOptions): [] => {
    asked.push(options.status);
    return [];
  };
  const client = { list } as unknown as ExternalApiClient;
  await retryAll(client, { status, since: new Date(), refused: false, yes: false }, {});
  write.mockRestore();
  expect(asked).toEqual(lists);
});
