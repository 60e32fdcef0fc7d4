import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { workflowIdOf } from '../../src/contract/names.ts';
import { acceptedResponse } from '../../src/gateway/wire-schemas.ts';
import { startRedis } from '../helpers/redis.ts';
import { connectToTemporal } from '../helpers/temporal.ts';

const MODULE = fileURLToPath(new URL('../../dist/cli/gateway-command.js', import.meta.url));
const RUN = `import { gatewayCommand } from ${JSON.stringify(MODULE)}; await gatewayCommand().parseAsync([], { from: 'user' });`;

/** `external-api gateway` as a process of its own, with `env` and nothing of ours. */
function startProcess(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', RUN], {
    env: { PATH: process.env['PATH'], GATEWAY_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function endOf(child: ChildProcess & { stderr: NodeJS.ReadableStream }) {
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, stderr };
}

/** Resolves with the address once the log says that the gateway listens. */
async function addressOf(
  child: ReturnType<typeof startProcess>,
  pattern = /http:\/\/127\.0\.0\.1:\d+(?!\S*\/metrics)/,
): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const address = pattern.exec(line)?.[0];
    if (address !== undefined) {
      child.stdout.resume();
      return address;
    }
  }
  throw new Error(`the gateway ended: ${await text(child.stderr)}`);
}

/** A port that accepts connections and never says a word. */
async function silentPort(): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('[M8][M19] bad configuration is exit code 78 and one line for each variable', async () => {
  const { code, stderr } = await endOf(
    startProcess({ GATEWAY_PORT: 'x', GATEWAY_SYNC_WAIT: '-1', NODE_ENV: 'production' }),
  );
  expect(code).toBe(78);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringContaining('The configuration cannot be used:'),
    expect.stringContaining('GATEWAY_PORT must be'),
    expect.stringContaining('GATEWAY_SYNC_WAIT must be'),
    expect.stringContaining('GATEWAY_API_KEYS is required in production'),
  ]);
});

test('[M19] a port that is taken is exit code 1 and one line', async () => {
  const port = await silentPort();
  const { code, stderr } = await endOf(startProcess({ GATEWAY_PORT: String(port) }));
  expect(code).toBe(1);
  expect(stderr).toBe(
    `error: Cannot listen on 127.0.0.1:${port} (the port is from GATEWAY_PORT): the port is taken. Stop what listens there, or set GATEWAY_PORT.\n`,
  );
});

test('[M15] metrics are on a port of their own, and one that is taken is exit code 1 and one line', async () => {
  const port = await silentPort();
  const { code, stderr } = await endOf(startProcess({ GATEWAY_METRICS_PORT: String(port) }));
  expect(code).toBe(1);
  expect(stderr).toBe(
    `error: Cannot listen on 127.0.0.1:${port} (the port is from GATEWAY_METRICS_PORT): the port is taken. Stop what listens there, or set GATEWAY_METRICS_PORT.\n`,
  );
  const child = startProcess({ GATEWAY_METRICS_PORT: '0', TEMPORAL_ADDRESS: '127.0.0.1:1' });
  const metrics = await addressOf(child, /http:\/\/127\.0\.0\.1:\d+\/metrics/);
  expect(await (await fetch(metrics)).text()).toContain('external_api_gateway_waits_open 0');
  child.kill('SIGTERM');
  expect(await endOf(child)).toEqual({ code: 0, stderr: '' });
});

test('[M19][M21] without Temporal the gateway starts, is alive, is not ready, and answers 503 in bounded time', async () => {
  await Promise.all(['127.0.0.1:1', `127.0.0.1:${await silentPort()}`].map(answersWithoutTemporal));
});

async function answersWithoutTemporal(address: string): Promise<void> {
  const child = startProcess({ TEMPORAL_ADDRESS: address });
  const url = await addressOf(child);
  const post = fetch(`${url}/api/external/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":1}',
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/api/external/status/req_${'0'.repeat(26)}`)).status).toBe(503);
  expect((await post).status).toBe(503);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
}

test('[M8][M16][M21] with Redis the calls of a tenant are counted at all gateways together, without it at each', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const env = { GATEWAY_CALLS_PER_MINUTE: '2', REDIS_URL: redis.url, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const [one, two] = [startProcess(env), startProcess(env)];
  const urls = [await addressOf(one), await addressOf(two)];
  // What is no id is looked for nowhere.
  const call = async (url = '') => (await fetch(`${url}/api/external/status/x`)).status;
  expect([await call(urls[0]), await call(urls[1]), await call(urls[0]), await call(urls[1])]).toEqual([
    404, 404, 429, 429,
  ]);
  const apart = startProcess({ ...env, REDIS_URL: 'redis://127.0.0.1:1' });
  const url = await addressOf(apart);
  expect([await call(url), await call(url), await call(url)]).toEqual([404, 404, 429]);
  for (const child of [one, two, apart]) {
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('[M8][N1] the deadline and the hold of unknown outcomes that are configured go with the requests that it starts', async () => {
  const temporal = await connectToTemporal();
  onTestFinished(() => temporal.close());
  const child = startProcess({
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    EXTERNAL_API_REQUEST_DEADLINE: '120',
    EXTERNAL_API_UNKNOWN_HOLD: '90',
  });
  const response = await fetch(`${await addressOf(child)}/api/external/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":1,"options":{"async":true}}',
  });
  const { request_id } = acceptedResponse.parse(await response.json());
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf(request_id)).fetchHistory();
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  expect(JSON.parse(Buffer.from(input?.data ?? []).toString())).toMatchObject({
    deadlineMs: 120_000,
    unknownHoldMs: 90_000,
  });
});

test('[M16] a gateway without keys warns, once', async () => {
  const child = startProcess({});
  const log = text(child.stdout);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const warnings = (await log).split('\n').filter((line) => line.includes('"level":"warn"'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('GATEWAY_API_KEYS');
});
