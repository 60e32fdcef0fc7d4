import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../helpers/wait-until.ts';
import { dial, readAll } from '../raw-http.ts';
import { ACME, type RunningGateway, startGateway } from '../running-gateway.ts';

const [HUGE_ID, OPEN_ID] = ['0', '1'].map((digit) => `req_${digit.repeat(26)}`) as [string, string];
/** More than the buffers of two sockets. */
const HUGE = 'x'.repeat(8 * 1024 * 1024);

async function gatewayWith(takeMs: number): Promise<RunningGateway> {
  const gateway = await startGateway({ takeMs });
  gateway.client.adopt(HUGE_ID, 'acme', {});
  gateway.client.complete(HUGE_ID, HUGE);
  const result = { processedData: HUGE, metadata: { processingTime: null, version: null } };
  gateway.client.adopt(OPEN_ID, 'acme', { result });
  return gateway;
}

/** Of a gateway that keeps up: what is huge takes it time, and what comes meanwhile is refused. */
async function ask({ url }: RunningGateway, path: string): Promise<Socket> {
  await waitUntil('it keeps up', async () => (await fetch(`${url}/healthz`)).status === 200);
  const socket = await dial(url);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ACME}\r\n\r\n`);
  return socket;
}

const cuts = ({ log }: RunningGateway) => log.filter(({ event }) => event === 'caller_cut');

test.each([
  ['an answer', `/api/external/status/${HUGE_ID}`],
  ['events', `/api/external/events/${HUGE_ID}`],
])('[M21][M19] a caller that does not take %s is cut, and one log line says so', async (_, path) => {
  const gateway = await gatewayWith(100);
  const socket = await ask(gateway, path);
  await waitUntil('it is cut', () => cuts(gateway).length > 0);
  expect(cuts(gateway)).toMatchObject([{ level: 'warn', remote_address: '127.0.0.1' }]);
  socket.resume();
  // What is in the buffers comes; the rest never does.
  expect((await readAll(socket)).length).toBeLessThan(HUGE.length);
  expect(gateway.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});

test('[M21][M19] a caller is not cut while there is nothing for it to take', async () => {
  const gateway = await gatewayWith(750);
  const idle = await dial(gateway.url);
  const waiting = await ask(gateway, `/api/external/status/${OPEN_ID}?wait=60`);
  const sockets: Socket[] = [];
  gateway.app.server.on('connection', (socket) => sockets.push(socket));
  const following = await ask(gateway, `/api/external/events/${OPEN_ID}`);
  const server = await waitUntil('its time runs', () =>
    sockets.find(({ remotePort, timeout }) => remotePort === following.localPort && timeout === 750),
  );
  following.resume();
  await waitUntil('it has taken all', () => server.writableLength === 0);
  expect(server.destroyed).toBe(false);
  // Only then another begins to stall: before it is cut, they would have been.
  await ask(gateway, `/api/external/status/${HUGE_ID}`);
  await waitUntil('the other is cut', () => cuts(gateway).length > 0);
  const answers = [once(waiting, 'data'), once(following, 'data')];
  waiting.resume();
  gateway.client.complete(OPEN_ID, 'done');
  const [answer, event] = await Promise.all(answers);
  expect([String(answer), String(event)]).toEqual([
    expect.stringContaining('200 OK'),
    expect.stringContaining('completed'),
  ]);
  idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(String((await once(idle, 'data'))[0])).toContain('200 OK');
  expect(cuts(gateway)).toHaveLength(1);
  for (const socket of [idle, waiting, following]) socket.destroy();
});

test('[M21][M19] a caller that is slow, and takes something, has all of its answer', async () => {
  const gateway = await gatewayWith(500);
  const socket = await ask(gateway, `/api/external/status/${HUGE_ID}`);
  const began = performance.now();
  let length = 0;
  while (length < HUGE.length && !socket.destroyed) {
    length += (socket.read(64 * 1024) as Buffer | null)?.length ?? 0;
    // For much longer than a caller has that takes nothing.
    await delay(performance.now() - began < 2_500 ? 20 : 0);
  }
  expect(length).toBeGreaterThanOrEqual(HUGE.length);
  expect(cuts(gateway)).toEqual([]);
  socket.destroy();
});
