import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { get, type Json, startOne, statusOf } from './reading.ts';
import { ACME, problemOf, startGateway } from './running-gateway.ts';

test('[M19] a status with wait is answered at the next change, and not before', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  let isAnswered = false;
  const waiting = get(gateway, `${statusOf(requestId)}?wait=60`).then(async (response) => {
    isAnswered = true;
    return (await response.json()) as Json;
  });
  await waitUntil('it is watched', () => gateway.client.polls === 1);
  expect(isAnswered).toBe(false);
  gateway.client.change(requestId, { waitingFor: null, providerRequestId: 'another' });
  expect(await waiting).toMatchObject({ provider_request_id: 'another', status: 'processing' });
});

test('[M19] a status with wait is answered as it is when the time is over, and an ended one at once', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const late = await get(gateway, `${statusOf(requestId)}?wait=1`);
  expect([late.status, ((await late.json()) as Json)['status']]).toEqual([200, 'processing']);
  gateway.client.complete(requestId, 'done');
  const polls = gateway.client.polls;
  const ended = await get(gateway, `${statusOf(requestId)}?wait=60`);
  expect(((await ended.json()) as Json)['status']).toBe('completed');
  expect(gateway.client.polls).toBe(polls);
});

test('[M19][N7] a change is told as its caller may read it, and what only operators see is no change', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const error = { type: 'ExternalAPIError', statusCode: 500, retryable: false, outcome: 'final' } as const;
  gateway.client.change(requestId, { error: { ...error, message: 'https://inside.internal said no' } });
  const late = get(gateway, `${statusOf(requestId)}?wait=1`);
  await waitUntil('it is watched', () => gateway.client.following === 1);
  expect(gateway.client.following).toBe(1);
  expect(await (await late).text()).not.toContain('inside');
});

test('[M19] what it waits for is fresh in each answer, and wakes nobody', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const waiting = get(gateway, `${statusOf(requestId)}?wait=2`);
  await waitUntil('it is watched', () => gateway.client.polls === 1);
  const waitingFor = { reason: 'budget', since: null, until: null, attempt: 1, calls: 0 } as const;
  gateway.client.change(requestId, { waitingFor });
  const answer = (await (await waiting).json()) as Json;
  expect(answer['waiting_for']).toMatchObject({ reason: 'budget' });
  expect(gateway.client.polls).toBe(1);
});

test('[M19] a status has an ETag: 304 while it is the same, and a wait with an older one is answered at once', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const first = await get(gateway, statusOf(requestId));
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
  const same = await get(gateway, statusOf(requestId), { 'if-none-match': etag });
  expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', etag]);
  const none = await get(gateway, `${statusOf(requestId)}?wait=1`, { 'if-none-match': `"other", ${etag}` });
  expect(none.status).toBe(304);
  gateway.client.change(requestId, { status: 'outcome_unknown' });
  const { polls } = gateway.client;
  const changed = await get(gateway, `${statusOf(requestId)}?wait=60`, { 'if-none-match': etag });
  expect([changed.status, gateway.client.polls]).toEqual([200, polls]);
  expect(changed.headers.get('etag')).not.toBe(etag);
});

test('[M19] however many wait for one request, its changes are asked for once', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const reads = gateway.client.reads;
  const waiting = Array.from({ length: 30 }, () => get(gateway, `${statusOf(requestId)}?wait=60`));
  await waitUntil('all wait', () => gateway.client.reads - reads >= 30 && gateway.client.polls === 1);
  gateway.client.complete(requestId, 'done');
  const answers = await Promise.all(waiting.map(async (response) => (await (await response).json()) as Json));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['completed']));
  expect(gateway.client.polls).toBe(1);
});

test.each(['61', '-1', '1.5', 'soon', '1e1', ''])(
  '[M12] wait=%s is refused, and told what is expected',
  async (wait) => {
    const gateway = await startGateway();
    const requestId = await startOne(gateway);
    const response = await get(gateway, `${statusOf(requestId)}?wait=${wait}`);
    expect(response.status).toBe(400);
    const { errors } = (await problemOf(response)) as { errors: Json[] };
    expect(errors).toMatchObject([{ path: 'wait', message: expect.stringMatching(/seconds/) }]);
  },
);

/** What an EventSource would see. */
async function eventsOf(
  response: Response,
  until: (events: Json[]) => boolean,
): Promise<{ events: Json[]; text: string }> {
  let text = '';
  const events = (): Json[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => block.includes('event: status'))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1],
        ...(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as Json),
      }));
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (until(events())) break;
  }
  return { events: events(), text };
}

test('[M19] events tell the request as it is and each change up to its end, and then close', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const response = await get(gateway, `/api/external/events/${requestId}`);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const reading = eventsOf(response, () => false);
  await waitUntil('it is watched', () => gateway.client.polls === 1);
  gateway.client.change(requestId, { status: 'outcome_unknown' });
  await waitUntil('the change was seen', () => gateway.client.updatesTold >= 2);
  gateway.client.complete(requestId, 'line\nbreak');
  const { events, text } = await reading;
  expect(events.map(({ status }) => status)).toEqual(['processing', 'outcome_unknown', 'completed']);
  expect(events.at(-1)).toMatchObject({ request_id: requestId, result: { processed_data: 'line\nbreak' } });
  expect(text).toMatch(/^retry: \d+\n\n/);
});

test('[M19] who comes back with the id of the latest event gets what changed since, and nothing of an end that it knows', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const first = await eventsOf(await get(gateway, `/api/external/events/${requestId}`), ({ length }) => length === 1);
  await waitUntil('nobody follows', () => gateway.client.following === 0);
  const lastEventId = { 'last-event-id': String(first.events[0]?.['id']) };
  const resumed = get(gateway, `/api/external/events/${requestId}`, lastEventId).then((response) =>
    eventsOf(response, () => false),
  );
  await waitUntil('it is watched again', () => gateway.client.polls === 2);
  gateway.client.complete(requestId, 'done');
  const { events } = await resumed;
  expect(events.map(({ status }) => status)).toEqual(['completed']);
  const end = await get(gateway, `/api/external/events/${requestId}`, { 'last-event-id': String(events[0]?.['id']) });
  expect(end.status).toBe(204);
});

test('[M19] who hangs up is waited for no longer', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const hangUp = new AbortController();
  const init = { headers: { authorization: `Bearer ${ACME}` }, signal: hangUp.signal };
  const paths = [`/api/external/events/${requestId}`, `${statusOf(requestId)}?wait=60`];
  const open = paths.map((path) => fetch(gateway.url + path, init).then((response) => response.text()));
  await waitUntil('both are there', () => gateway.client.reads === 2 && gateway.client.following === 1);
  hangUp.abort();
  await Promise.allSettled(open);
  await waitUntil('nobody is', () => gateway.client.following === 0);
});

test('[M19] a gateway that stops answers those who wait, and ends its events', async () => {
  const gateway = await startGateway();
  const requestId = await startOne(gateway);
  const waiting = get(gateway, `${statusOf(requestId)}?wait=60`);
  const events = get(gateway, `/api/external/events/${requestId}`).then((response) => response.text());
  await waitUntil('it is watched', () => gateway.client.following === 1);
  await waitUntil('both wait', () => gateway.client.reads >= 2);
  await gateway.app.close();
  expect(((await (await waiting).json()) as Json)['status']).toBe('processing');
  expect(await events).toContain('event: status');
});

test('[M19] a connection that has asked for nothing holds no stop up', async () => {
  const gateway = await startGateway();
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  await once(socket, 'connect');
  await gateway.status('req_0');
  const ended = once(socket, 'close');
  await gateway.app.close();
  await ended;
});
