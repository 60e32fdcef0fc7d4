import { expect, test } from 'vitest';
import { replicate } from './contracts-by-id.ts';
import { databricks } from './contracts-by-state.ts';
import { editedProfile, startProviderStack } from './provider-stack.ts';
import { json } from './scripted-provider.ts';

const withKey = (hours: number) =>
  editedProfile('databricks-runs', (yaml) => yaml.replace('submit:', `submit:\n  repeat: key\n  keyHours: ${hours}`));
const SUBMIT = /run-now/;

test('[N13][N1] a lost answer is settled by the key, which the profile says that the provider knows: one run', async () => {
  await using stack = await startProviderStack(await withKey(24), { contract: databricks });
  stack.provider.lose(SUBMIT);
  const handle = await stack.submit({ job_id: 1 }, ['PENDING', 'TERMINATED SUCCESS']);
  expect((await handle.result()).status).toBe('completed');
  const submits = stack.provider.calls(SUBMIT);
  expect(submits.map((call) => json(call)['idempotency_token'])).toEqual([handle.requestId, handle.requestId]);
  expect(stack.provider.work.jobs).toHaveLength(1);
});

test('[N13][N1] a key that the provider may have forgotten protects nothing: the outcome is unknown, and nothing is sent again', async () => {
  await using stack = await startProviderStack(await withKey(0.0005), { contract: databricks });
  stack.provider.lose(SUBMIT);
  stack.provider.instead(SUBMIT, { status: 429, headers: { 'retry-after': '2' }, body: {} });
  const handle = await stack.submit({ job_id: 1 }, ['PENDING', 'TERMINATED SUCCESS']);
  const { error } = await stack.until(handle, 'outcome_unknown');
  expect(error?.message).toContain('the provider may have forgotten its key by now: nothing was sent again');
  expect(stack.provider.calls(SUBMIT).length).toBeLessThanOrEqual(2);
  expect(stack.provider.work.jobs).toHaveLength(1);
});

test('[N13][M3] two polls of a job lie as far apart as the profile says', async () => {
  await using stack = await startProviderStack('replicate', { contract: replicate, path: '/v1', keepsPace: true });
  const handle = await stack.submit({ version: '1', input: {} }, ['starting', 'processing', 'processing', 'succeeded']);
  await handle.result();
  const polls = stack.provider.calls(/^GET/).map(({ at }) => at);
  expect(polls).toHaveLength(3);
  for (const [n, at] of polls.slice(1).entries()) expect(at - polls[n]!).toBeGreaterThan(990);
});

test('[N13][M9] the limit of the profile holds over submits and polls', async () => {
  const file = await editedProfile('replicate', (yaml) =>
    yaml.replace(/^limit: .*$/m, 'limit: { calls: 4, seconds: 2 }'),
  );
  await using stack = await startProviderStack(file, { contract: replicate, path: '/v1' });
  stack.provider.work.words = ['starting', 'succeeded'];
  const requests = Array.from({ length: 4 }, (_, n) => stack.client.process({ data: { version: '1', input: { n } } }));
  for (const request of requests) await (await request).result();
  const times = stack.provider.ledger.map(({ at }) => at);
  expect(times).toHaveLength(8);
  const fullest = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 2_000).length));
  expect(fullest).toBeLessThanOrEqual(4);
});
