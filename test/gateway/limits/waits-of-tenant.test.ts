import { expect, test } from 'vitest';
import { waitUntil } from '../../helpers/wait-until.ts';
import { ACME, OTHER, problemOf, startGateway } from '../running-gateway.ts';

const waitBounds = { result: 2, change: 2 };
const [OF_ACME, OF_OTHER] = ['1', '2'].map((digit) => `req_${digit.repeat(26)}`) as [string, string];
const keyOf = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

test('[M16][M19] a tenant whose callers wait for so many results is answered 202 at once, and no other is', async () => {
  const { client, post } = await startGateway({ waitBounds, syncWaitMs: 60_000 });
  const waiting = [post({ data: 1 }), post({ data: 2 })];
  await waitUntil('both wait', () => client.waits.length === 2);
  const first = client.lastId;
  expect((await post({ data: 3 })).status).toBe(202);
  const other = post({ data: 4 }, { authorization: `Bearer ${OTHER}` });
  await waitUntil('the other waits', () => client.waits.length === 3);
  client.complete(first, 'done');
  await Promise.race(waiting);
  const next = post({ data: 5 });
  await waitUntil('there is room again', () => client.waits.length === 4);
  for (const id of client.requests.keys()) client.complete(id, 'done');
  const answers = await Promise.all([...waiting, other, next]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('[M16][M19] a tenant whose callers wait for so many changes is refused, reads as before, and no other is', async () => {
  const { app, client, url, status } = await startGateway({ waitBounds });
  client.adopt(OF_ACME, 'acme', {});
  client.adopt(OF_OTHER, 'other', {});
  const over = new AbortController();
  const events = await fetch(`${url}/api/external/events/${OF_ACME}`, { ...keyOf(ACME), signal: over.signal });
  const waiting = fetch(`${url}/api/external/status/${OF_ACME}?wait=60`, keyOf(ACME));
  await waitUntil('both wait', async () => (await app.metrics.metrics()).includes('waits_open 2'));
  for (const path of [`events/${OF_ACME}`, `status/${OF_ACME}?wait=1`]) {
    const refused = await fetch(`${url}/api/external/${path}`, keyOf(ACME));
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await problemOf(refused)).toMatchObject({ status: 429, error: 'TooManyWaitsError' });
  }
  expect((await status(OF_ACME)).status).toBe(200);
  expect((await fetch(`${url}/api/external/status/${OF_OTHER}?wait=1`, keyOf(OTHER))).status).toBe(200);
  over.abort();
  await events.text().catch(() => {});
  client.complete(OF_ACME, 'done');
  expect((await waiting).status).toBe(200);
});
