import { expect, test } from 'vitest';
import { worstWindow } from '../../bench/sliding-window.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const [LIMIT, WINDOW_MS, HELD_MS] = [4, 1_000, 100];

test('[M9][N3] a permit that its record outlived is given back: no window at the provider is over the limit', async () => {
  let now = 0;
  const arrivals: number[] = [];
  await using server = await startRawServer({
    onCall: (_call, res) => {
      arrivals.push(now);
      reply(res, 202, { request_id: `job-${arrivals.length}` });
    },
  });
  const rules = { limit: LIMIT, windowMs: WINDOW_MS, longestCallMs: 2 * HELD_MS, longestHeldMs: HELD_MS };
  const budget = budgetWith(rules, () => now);
  await using client = clientFor(server.url, { budget });
  await client.authenticate(CONTEXT);
  const slow = client.process(WORK, {
    ...CONTEXT,
    // Meanwhile the time for which its permit was counted has left the window.
    beforeSend: async () => {
      now += WINDOW_MS + 2 * HELD_MS;
      for (let n = 0; n < LIMIT; n++) await client.process(WORK, CONTEXT);
    },
  });
  const { failure, outcome, retryAfter } = await failureOf(slow);
  expect({ failure, outcome, retryAfter }).toEqual({ failure: 'overBudget', outcome: 'never-sent', retryAfter: 1 });
  expect(worstWindow(arrivals, WINDOW_MS)).toBe(LIMIT);
});

test('[M9] a permit whose record took a part of the time for it is used', async () => {
  let now = 0;
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
  const budget = budgetWith({ longestCallMs: 2 * HELD_MS, longestHeldMs: HELD_MS }, () => now);
  await using client = clientFor(server.url, { budget });
  const beforeSend = async (): Promise<void> => void (now += HELD_MS - 1);
  expect(await client.process(WORK, { ...CONTEXT, beforeSend })).toMatchObject({ providerRequestId: 'job-1' });
});
