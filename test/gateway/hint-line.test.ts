import { expect, test } from 'vitest';
import type { CallbackHint } from '../../src/contract/request.ts';
import { HintLine } from '../../src/gateway/hint-line.ts';

const hint = (providerRequestId: string | null, arrivedAt: number): CallbackHint => ({ providerRequestId, arrivedAt });

test('[N4] what waits is passed on as one: the latest id that was named, and the earliest arrival', async () => {
  const told: CallbackHint[] = [];
  const line = new HintLine(async (_requestId, one) => (told.push(one), 'told'));
  const all = [hint('first', 1), hint('a', 2), hint('b', 3), hint(null, 4)].map((one) => line.tell('req_1', one));
  expect(await Promise.all(all)).toEqual(['told', 'told', 'told', 'told']);
  expect(told).toEqual([hint('first', 1), hint('b', 2)]);
});

test('[N4] requests do not wait for each other, and none that was told is waited for when the second is over', async () => {
  const at: [string, number][] = [];
  const line = new HintLine(async (requestId) => (at.push([requestId, performance.now()]), 'told'));
  const startedAt = performance.now();
  await Promise.all(['req_1', 'req_2'].map((id) => line.tell(id, hint(null, 1))));
  expect(performance.now() - startedAt).toBeLessThan(900);
  await line.tell('req_1', hint(null, 2));
  const [first, , second] = at;
  expect(second?.[1]).toBeGreaterThanOrEqual((first?.[1] ?? 0) + 990);
});

test('[N4] a slow Temporal is asked one thing at a time', async () => {
  let open = 0;
  let most = 0;
  const line = new HintLine(async () => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    open--;
    return 'told';
  });
  const first = line.tell('req_1', hint(null, 1));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await Promise.all([first, line.tell('req_1', hint(null, 2))]);
  expect(most).toBe(1);
});
