import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CLI } from '../helpers/stack.ts';
import { startTemporalProxy } from '../helpers/temporal-proxy.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectToTemporal();
});
afterAll(() => temporal.close());

const PROVIDER = {
  EXTERNAL_API_BASE_URL: 'http://127.0.0.1:1',
  EXTERNAL_API_KEY: 'canary-key',
  EXTERNAL_OAUTH_CLIENT_ID: 'client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'canary-secret',
};

/** Runs a worker that cannot start, and returns how it ended. */
async function failedStart(env: Record<string, string>): Promise<{ exitCode: number | null; said: string }> {
  const child = spawn(process.execPath, [CLI, 'worker'], {
    env: {
      PATH: process.env['PATH'],
      LOG_LEVEL: 'error',
      METRICS_PORT: '0',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, said };
}

test('[M8] a worker without its configuration names every missing variable and no value, and ends with 78', async () => {
  const { exitCode, said } = await failedStart({ EXTERNAL_API_KEY: 'canary-key' });
  expect(exitCode).toBe(78);
  for (const variable of ['EXTERNAL_API_BASE_URL', 'EXTERNAL_OAUTH_CLIENT_ID', 'EXTERNAL_OAUTH_CLIENT_SECRET']) {
    expect(said).toContain(variable);
  }
  expect(said).not.toContain('canary-key');
});

test('[C1] a worker whose metrics port is taken says so and ends, so that whoever runs it can start it again', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { exitCode, said } = await failedStart({ ...PROVIDER, METRICS_PORT: `${port}` });
  taken.close();
  expect({ exitCode, said }).toEqual({
    exitCode: 1,
    said: `error: METRICS_PORT ${port} on 127.0.0.1 is taken. Choose another.\n`,
  });
});

test('[C1] a worker in a namespace that is not there says so, and ends', async () => {
  expect(await failedStart({ ...PROVIDER, TEMPORAL_NAMESPACE: 'nowhere' })).toEqual({
    exitCode: 69,
    said: `error: The Temporal server at ${temporal.address} has no namespace nowhere. Check TEMPORAL_NAMESPACE.\n`,
  });
});

test.for([
  { method: 'GetSystemInfo', code: 16, by: 'in the words of the core' },
  { method: 'GetSystemInfo', code: 7, by: 'in the words of the core' },
  { method: 'DescribeNamespace', code: 7, by: 'by its code' },
])('[C1][M17] a worker whose credentials Temporal refuses says so, and ends: $method, $code $by', async (refused) => {
  await using proxy = await startTemporalProxy(temporal.address);
  const refusal = { code: refused.code, message: 'Not you.' };
  proxy.treat(({ method }) => (method === refused.method ? { refusal } : undefined));
  expect(await failedStart({ ...PROVIDER, TEMPORAL_ADDRESS: proxy.address })).toEqual({
    exitCode: 69,
    said:
      `error: The Temporal server at ${proxy.address} refuses our credentials (Not you). ` +
      'Check TEMPORAL_API_KEY and the TLS certificates.\n',
  });
});
