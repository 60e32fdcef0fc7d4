import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBlackHole } from '../helpers/black-hole.ts';
import { startRawServer } from '../helpers/raw-server.ts';
import { alternating } from '../../src/provider/open-socket.ts';
import { ANSWERING, transportTo } from './transport-under-test.ts';

test('[M7] an address that does not answer costs the time to the next one, not the connect timeout', async () => {
  await using server = await startRawServer(ANSWERING);
  await using hole = await startBlackHole('127.0.0.2', server.port);
  await using transport = transportTo(hole.port, { addresses: () => ['127.0.0.2', '127.0.0.1'] });
  const startedAt = performance.now();
  await transport.get();
  expect(performance.now() - startedAt).toBeLessThan(transport.connectTimeoutMs);
});

test('[M7] an address that takes longer than 250 ms to answer is not given up for the next one', async () => {
  await using slow = await startBlackHole('127.0.0.2');
  // Nobody listens at the second.
  await using transport = transportTo(slow.port, { addresses: () => ['127.0.0.2', '127.0.0.3'] });
  const answer = transport.get();
  await sleep(500);
  slow.wake();
  expect(await answer).toMatchObject({ statusCode: 200 });
});

test('[M7] of many addresses that do not answer each is tried, and none for longer than the whole may take', async () => {
  await using server = await startRawServer(ANSWERING);
  await using hole = await startBlackHole('127.0.0.2', server.port);
  const dead = Array.from({ length: 12 }, () => '127.0.0.2');
  await using transport = transportTo(hole.port, {
    addresses: () => [...dead, '127.0.0.1'],
    connectTimeoutMs: 2_000,
  });
  expect(await transport.get()).toMatchObject({ statusCode: 200 });
  await using lost = transportTo(hole.port, { addresses: () => dead, connectTimeoutMs: 500 });
  await expect(lost.get()).rejects.toMatchObject({ sent: false, cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
});

test('[M7] the addresses of the two families are tried by turns, the preferred one first', () => {
  const v4 = (n: number) => ({ address: `10.0.0.${n}`, family: 4 });
  const v6 = (n: number) => ({ address: `fd00::${n}`, family: 6 });
  expect(alternating([v4(1), v4(2), v4(3), v6(1)])).toEqual([v4(1), v6(1), v4(2), v4(3)]);
  expect(alternating([v6(1), v6(2), v4(1), v4(2), v4(3)])).toEqual([v6(1), v4(1), v6(2), v4(2), v4(3)]);
  expect(alternating([v4(1), v4(2)])).toEqual([v4(1), v4(2)]);
  expect(alternating([])).toEqual([]);
});

test('[M10] a name that means another address is followed when a connection has its age', async () => {
  await using server = await startRawServer(ANSWERING);
  let lookups = 0;
  const addresses = (): string[] => [lookups++ === 0 ? '127.0.0.1' : '127.0.0.4'];
  await using moved = await startRawServer({ ...ANSWERING, host: '127.0.0.4', port: server.port });
  await using transport = transportTo(server.port, { addresses, connectionAgeMs: 300 });
  while (moved.calls.length === 0) await transport.get();
  expect(server.calls.length).toBeGreaterThan(0);
  expect(server.connections).toHaveLength(1);
  expect(lookups).toBe(2);
});

test('[M10][N1] a call that is under way when its connection has its age goes on to its end', async () => {
  await using server = await startRawServer({ onCall: (_call, res) => void setTimeout(() => res.end('{}'), 600) });
  await using transport = transportTo(server.port, { connectionAgeMs: 100 });
  expect(await transport.get()).toMatchObject({ statusCode: 200 });
  expect(await transport.get()).toMatchObject({ statusCode: 200 });
  expect(server.connections).toHaveLength(2);
  expect(transport.pool.open).toBeLessThanOrEqual(1);
});
