import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { copyCheckout } from './checkout-copy.mjs';

// A part of them takes the whole set-up twice, beside other tests.
vi.setConfig({ testTimeout: 90_000 });

const UP = 'Ctrl-C stops everything.';

let checkout;
beforeAll(() => (checkout = copyCheckout()));
afterAll(() => checkout.remove());

const npmStart = (...args) => checkout.start('npm', ['start', '--', ...args]);

function expectNoProcessLeft() {
  return vi.waitFor(() => expect(checkout.processes()).toEqual([]), { timeout: 10_000, interval: 50 });
}

function urlIn(output, label) {
  return new RegExp(`${label}\\s+(http\\S+)`).exec(output)?.[1];
}

it('[M20][M21] npm start runs a request and stays; a second copy goes elsewhere; Ctrl-C ends all in order', async () => {
  const first = npmStart();
  const shown = await first.outputWith(UP);
  const id = /req_\w+/.exec(shown)[0];
  expect(shown).toMatch(/processing[^]*completed[^]*result: \{"processed_data"/);
  const metrics = new URL(urlIn(shown, 'Metrics')).origin;
  expect(shown).toContain(`EXTERNAL_API_WORKER_URL=${metrics} npm run cli -- why ${id}\n`);
  expect(urlIn(shown, 'This request')).toContain(`/namespaces/default/workflows/external-api%2F${id}`);
  for (const label of ['This request', 'Gateway', 'Metrics']) {
    expect((await fetch(urlIn(shown, label))).status).toBe(200);
  }

  const second = npmStart('--once');
  expect(await second.exitCode).toBe(0);
  expect(second.output()).toMatch(/\.data is in use by process \d+/);
  expect(second.output()).toContain('This copy keeps its own requests');
  expect(urlIn(second.output(), 'Gateway')).not.toBe(urlIn(shown, 'Gateway'));

  first.interrupt();
  expect(await first.exitCode).toBe(0);
  expect(first.output()).toMatch(/the gateway .*\n.*the worker .*\n.*the fake provider .*\n.*the Temporal server/);
  await expectNoProcessLeft();
});

it('[M21] requests outlive Ctrl-C; a process that dies is named with its last lines, and ends all', async () => {
  const before = npmStart('--once');
  expect(await before.exitCode).toBe(0);
  const id = /req_\w+/.exec(before.output())[0];

  const demo = npmStart();
  const shown = await demo.outputWith(UP);
  const key = readFileSync(join(checkout.folder, '.data', 'gateway-key'), 'utf8');
  const status = new URL(`/api/external/status/${id}`, urlIn(shown, 'Gateway'));
  const answer = await fetch(status, { headers: { authorization: `Bearer ${key}` } });
  expect(await answer.json()).toMatchObject({ request_id: id, status: 'completed' });

  const worker = checkout.processes().find(({ command }) => command.includes('main.js worker'));
  process.kill(worker.pid, 'SIGKILL');
  expect(await demo.exitCode).toBe(1);
  expect(demo.output()).toMatch(/The worker ended \(signal SIGKILL\)\. The last lines of .*worker\.log:\n\{/);
  await expectNoProcessLeft();
});

it.each(['npm', 'start.mjs'])('[M21] killing %s leaves no process', async (killed) => {
  const direct = killed === 'start.mjs';
  const demo = direct ? checkout.start(process.execPath, ['scripts/start.mjs']) : npmStart();
  await demo.outputWith('✓ Worker');
  demo.kill('SIGKILL');
  await demo.exitCode;
  await expectNoProcessLeft();
});

it('[M21] SIGTERM during the set-up ends it with the code of the signal, and leaves no process', async () => {
  const demo = npmStart();
  await demo.outputWith('✓ Temporal server');
  demo.kill('SIGTERM');
  expect(await demo.exitCode).toBe(143);
  await expectNoProcessLeft();
});

it('[M21] a port of --port-base that is taken ends it at once, with the port and what to do', async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.close());
  const { port } = server.address();
  const demo = npmStart('--once', '--port-base', `${port}`);
  expect(await demo.exitCode).toBe(1);
  expect(demo.output()).toContain(`Port ${port} is taken. Choose another --port-base`);
});
