import { expect, test } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { get, type Json, startOne, statusOf } from './reading.ts';
import { ACME, OTHER, problemOf, startGateway } from './running-gateway.ts';

test('[M16] another tenant’s request is not there, however it is asked for', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  for (const path of ['status', 'events', 'why']) {
    const response = await get(gateway, `/api/external/${path}/${requestId}`, { authorization: `Bearer ${OTHER}` });
    expect([path, response.status]).toEqual([path, 404]);
  }
  const cancelled = await fetch(`${gateway.url}/api/external/cancel/${requestId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OTHER}` },
  });
  expect([cancelled.status, gateway.client.cancels]).toEqual([404, []]);
  const listed = await get(gateway, '/api/external/requests', { authorization: `Bearer ${OTHER}` });
  expect(await listed.json()).toEqual({ requests: [], next_cursor: null });
});

test('[C4] a tenant lists its own requests, by state', async () => {
  const gateway = await startGateway();
  const ids = [await startOne(gateway), await startOne(gateway)];
  gateway.client.complete(ids[0] ?? '', 'done');
  const all = (await (await get(gateway, '/api/external/requests')).json()) as { requests: Json[] };
  expect(all.requests.map(({ request_id }) => request_id)).toEqual(ids);
  const done = await get(gateway, '/api/external/requests?status=completed&limit=1');
  expect(((await done.json()) as { requests: Json[] }).requests).toMatchObject([
    { request_id: ids[0], status: 'completed' },
  ]);
  for (const bad of ['limit=0', 'limit=101', 'status=gone', 'since=yesterday', 'tenant=other', 'limit=1&limit=2']) {
    const response = await get(gateway, `/api/external/requests?${bad}`);
    expect([bad, response.status]).toEqual([bad, 400]);
  }
});

test.each([
  ['requests', 100],
  ['deliveries', 1_000],
])(
  '[M12][N16] a list of %s takes a limit of 1 to %i, in digits and in no other spelling of them',
  async (list, most) => {
    const gateway = await startGateway();
    const statusWith = async (limit: string): Promise<number> =>
      (await get(gateway, `/api/external/${list}?limit=${limit}`)).status;
    for (const good of ['1', `${most}`]) expect([good, await statusWith(good)]).toEqual([good, 200]);
    for (const bad of ['0', `${most + 1}`, '', '1e1', '0x1f', '%205', '5.0', '05', '-1']) {
      expect([bad, await statusWith(bad)]).toEqual([bad, 400]);
    }
  },
);

test('[N11] a cancellation is asked for once, with who and why, and an ended request is a conflict', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const cancel = (body?: unknown): Promise<Response> =>
    fetch(`${gateway.url}/api/external/cancel/${requestId}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ACME}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const asked = await cancel({ reason: 'the order was withdrawn' });
  expect([asked.status, asked.headers.get('location')]).toEqual([202, statusOf(requestId)]);
  expect((await cancel()).status).toBe(202);
  expect(gateway.client.cancels).toEqual([{ requestId, reason: 'tenant:acme: the order was withdrawn' }]);
  gateway.client.complete(requestId, 'done');
  gateway.client.change(requestId, { cancelRequested: false });
  const late = await cancel();
  expect([late.status, (await problemOf(late))['error']]).toEqual([409, 'RequestFinishedError']);
  expect((await cancel({ reason: 'x'.repeat(10_001) })).status).toBe(400);
});

test('[N6] why says it to the caller, and nothing of the inside', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const until = '2026-01-01T00:05:00.000Z';
  gateway.client.change(requestId, { waitingFor: { reason: 'cool_down', since: null, until, attempt: 1, calls: 1 } });
  const why = (await (await get(gateway, `/api/external/why/${requestId}`)).json()) as Json;
  expect(why).toMatchObject({ request_id: requestId, status: 'processing', reason: 'cool_down', until });
  expect(why['sentence']).toBe(`It waits until ${until}, because the provider takes no calls.`);
});

test('[M19] Prefer: respond-async is answered 202 at once, wait=n after so long, and both say what was heeded', async () => {
  const gateway = await startGateway({ syncWaitMs: 60_000 });
  const ask = (prefer: string): Promise<Response> => gateway.post({ data: prefer }, { prefer });
  const first = await ask('respond-async');
  expect([first.status, first.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
  const soon = await ask('handling=lenient, wait=1');
  expect([soon.status, soon.headers.get('preference-applied')]).toEqual([202, 'wait=1']);
  const both = ask('respond-async, wait=50');
  await waitUntil('it waits', () => gateway.client.waits.length === 2);
  gateway.client.complete(gateway.client.lastId, 'done');
  expect([(await both).status, (await both).headers.get('preference-applied')]).toEqual([
    200,
    'respond-async, wait=50',
  ]);
});

test('[M19] a submit may have a priority, a deadline, a kind and more; each bad one is named', async () => {
  const gateway = await startGateway();
  const options = { async: true, priority: 'bulk', deadline: 90, unknown_hold: 60, kind: 'long', idempotency: 'none' };
  expect((await gateway.post({ data: 'x', options })).status).toBe(202);
  expect(gateway.client.lastOptions).toMatchObject({
    priority: 'bulk',
    deadline: 90_000,
    unknownHold: 60_000,
    kind: 'long',
    idempotency: 'none',
  });
  const bad = { priority: 'low', deadline: 0, unknown_hold: '1 hour', kind: ' ', idempotency: 'maybe', coalesce: 1 };
  const { errors } = (await problemOf(await gateway.post({ data: 'x', options: bad }))) as { errors: Json[] };
  expect(errors.map(({ path }) => String(path)).toSorted((a, b) => a.localeCompare(b))).toEqual(
    Object.keys(bad)
      .map((name) => `options.${name}`)
      .toSorted((a, b) => a.localeCompare(b)),
  );
});

test('[M19] coalesce goes without a key, and gets none of ours', async () => {
  const gateway = await startGateway();
  expect((await gateway.post({ data: 'x', options: { async: true, coalesce: true } })).status).toBe(202);
  expect(gateway.client.lastOptions).toMatchObject({ coalesce: true });
  expect(gateway.client.lastOptions).not.toHaveProperty('idempotencyKey');
});
