import { expect, test } from 'vitest';
import { Watchers } from '../../src/gateway/watchers.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { InMemoryClient } from './in-memory-client.ts';

test('[M19] above the most long polls a request is read again and again instead', async () => {
  const client = new InMemoryClient();
  const watchers = new Watchers(client, { mostPolls: 1, mostPollsOfTenant: 1, everyMs: 20 });
  const first = await client.process({ data: 1 }, {});
  const second = await client.process({ data: 2 }, {});
  using one = watchers.watch(first.requestId, 'default');
  using two = watchers.watch(second.requestId, 'default');
  const over = new AbortController();
  const changes = [first, second].map(async ({ requestId, status }, n) =>
    [one, two][n]?.from(await status(), over.signal).then((change) => change?.providerRequestId ?? requestId),
  );
  await waitUntil('the second is read', () => client.reads > 6);
  expect(client.polls).toBe(1);
  for (const { requestId } of [first, second]) client.change(requestId, { providerRequestId: `new of ${requestId}` });
  expect(await Promise.all(changes)).toEqual([first, second].map(({ requestId }) => `new of ${requestId}`));
});

test('[M19][M16] a tenant that watches many requests leaves long polls to the others', async () => {
  const client = new InMemoryClient();
  const watchers = new Watchers(client, { mostPolls: 3, mostPollsOfTenant: 2, everyMs: 60_000 });
  const watch = (tenant: string, count: number): Disposable[] =>
    Array.from({ length: count }, (_, n) => {
      client.adopt(`${tenant}-${n}`, tenant, {});
      return watchers.watch(`${tenant}-${n}`, tenant);
    });
  const greedy = watch('greedy', 5);
  expect(client.following).toBe(2);
  watch('other', 1);
  expect(client.following).toBe(3);
  for (const watched of greedy) watched[Symbol.dispose]();
  await waitUntil('its polls have ended', () => client.following === 1);
  watch('late', 5);
  expect(client.following).toBe(3);
});

test('[M19] who has seen a later state than the others is told nothing older', async () => {
  const client = new InMemoryClient();
  const watchers = new Watchers(client);
  const { requestId } = await client.process({ data: 1 }, {});
  using changes = watchers.watch(requestId, 'default');
  const older = await client.status(requestId);
  const later = { ...older, status: 'outcome_unknown' as const, updatedAt: '2026-01-01T00:00:09.000Z' };
  const over = new AbortController();
  const waiting = changes.from(later, over.signal);
  await waitUntil('the older one was told', () => client.updatesTold === 1);
  client.change(requestId, { ...later, status: 'processing', updatedAt: '2026-01-01T00:00:10.000Z' });
  expect((await waiting)?.updatedAt).toBe('2026-01-01T00:00:10.000Z');
});

test('[M19] what reading it throws reaches all who wait', async () => {
  const client = new InMemoryClient();
  const watchers = new Watchers(client, { mostPolls: 0, mostPollsOfTenant: 0, everyMs: 10 });
  const { requestId, status } = await client.process({ data: 1 }, {});
  const seen = await status();
  using changes = watchers.watch(requestId, 'default');
  client.failure = () => Promise.reject(new Error('away'));
  const { signal } = new AbortController();
  const waiting = [changes.from(seen, signal), changes.from(seen, signal)];
  expect((await Promise.allSettled(waiting)).map((ended) => ended.status)).toEqual(['rejected', 'rejected']);
});
