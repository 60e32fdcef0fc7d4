import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { ANSWERING, transportTo } from './transport-under-test.ts';

/** A server that is just closing what was idle for so long: it reads nothing more of such a connection. */
function startClosing(idleMs: number, headers: Record<string, string> = {}) {
  const lastUsed = new Map<Socket, number>();
  return startRawServer({
    onCall(_call, res, socket) {
      const idle = performance.now() - (lastUsed.get(socket) ?? Infinity);
      if (idle >= idleMs) {
        socket.resetAndDestroy();
        return;
      }
      lastUsed.set(socket, performance.now());
      reply(res, 200, {}, headers);
    },
  });
}

const CALLS = 20;

test.each([
  ['says nothing of it', {}],
  ['promised to keep it for a minute', { 'keep-alive': 'timeout=60' }],
])('[N1] no submit is lost to a server that closes a connection just then, and %s', async (_what, headers) => {
  await using server = await startClosing(1_200, headers);
  await using transport = transportTo(server.port, { maxConnections: CALLS });
  const all = () => Promise.allSettled(Array.from({ length: CALLS }, () => transport.post()));
  await all();
  await sleep(1_300);
  expect((await all()).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(server.connections).toHaveLength(2 * CALLS);
  expect(transport.pool.open).toBeLessThanOrEqual(CALLS);
});

test('[M10] a call that may be repeated takes the connection that a submit leaves alone', async () => {
  await using server = await startRawServer(ANSWERING);
  await using transport = transportTo(server.port);
  await transport.post();
  await sleep(1_300);
  await transport.get();
  expect(server.connections).toHaveLength(1);
});

test('[M10] submits one after the other share a connection', async () => {
  await using server = await startRawServer(ANSWERING);
  await using transport = transportTo(server.port);
  for (let n = 0; n < 20; n++) await transport.post();
  expect(server.connections).toHaveLength(1);
});

test('[M10] a call that is made after the end takes no connection that has ended, and makes no trouble', async () => {
  await using server = await startRawServer(ANSWERING);
  await using transport = transportTo(server.port, { connectionAgeMs: 100 });
  await transport.get();
  await sleep(150);
  await transport.close();
  await transport.get();
  await transport.close();
  expect(server.connections).toHaveLength(2);
});

test('[M10] never more connections than allowed, idle ones and old ones among them', async () => {
  await using server = await startRawServer(ANSWERING);
  await using transport = transportTo(server.port, { maxConnections: 3, connectionAgeMs: 500 });
  let most = 0;
  for (let round = 0; round < 12; round++) {
    await Promise.all([transport.post(), transport.get(), transport.get()]);
    most = Math.max(most, transport.pool.open);
    await sleep(round % 6 === 5 ? 1_100 : 20);
  }
  expect(most).toBeLessThanOrEqual(3);
  expect(server.connections.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(3);
});
