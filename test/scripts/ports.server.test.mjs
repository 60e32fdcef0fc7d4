import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, reservePort } from '../../scripts/lib/ports.mjs';

async function listen(port, host) {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  onTestFinished(() => new Promise((resolve) => server.close(resolve)));
}

it.each(['127.0.0.1', '::1', '0.0.0.0'])('[M21] a port that is taken on %s is passed over', async (host) => {
  const taken = await freePort();
  await listen(taken, host);
  const { port, release } = await reservePort(taken);
  release();
  expect(port).toBeGreaterThan(taken);
});

it('[M21] a free port is taken as wanted, and reserved until it is released', async () => {
  const wanted = await freePort();
  const first = await reservePort(wanted);
  const second = await reservePort(wanted);
  first.release();
  const third = await reservePort(wanted);
  second.release();
  third.release();
  expect([first.port, third.port]).toEqual([wanted, wanted]);
  expect(second.port).toBeGreaterThan(wanted);
});

it('[M21] a port of --port-base that is taken is an error that names it', async () => {
  const taken = await freePort();
  await listen(taken, '127.0.0.1');
  await expect(reservePort(taken, { exact: true })).rejects.toThrow(`Port ${taken} is taken`);
});

it('[M21] a port that was chosen for a process is given to nobody else until that process listens', async () => {
  const chosen = await Promise.all(Array.from({ length: 300 }, () => freePort()));
  expect(new Set(chosen).size).toBe(300);
  const others = Array.from({ length: 1_000 }, () => createServer().listen(0, '127.0.0.1'));
  onTestFinished(() => others.forEach((server) => server.close()));
  await Promise.all(others.map((server) => once(server, 'listening')));
  expect(others.map((server) => server.address().port).filter((port) => chosen.includes(port))).toEqual([]);
  for (const port of chosen) await listen(port, '127.0.0.1');
});
