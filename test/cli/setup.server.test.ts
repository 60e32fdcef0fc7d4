import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { runCli, type CliOptions } from './run-cli.ts';

let temporal: TestTemporal;
let env: Record<string, string>;
beforeAll(async () => {
  temporal = await connectToTemporal({ searchAttributes: false });
  env = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace };
});
afterAll(() => temporal.close());

async function cli(args: string[], options: CliOptions = {}) {
  const result = await runCli(args, { env, ...options });
  return { ...result, json: () => JSON.parse(result.stdout) as unknown };
}

test('[C5] before setup a request starts and the person is told what is missing; after it, tenants can be listed', async () => {
  const start = ['process', '--data', '1', '--tenant', 'acme'];
  const before = await cli(start);
  expect(before.code).toBe(0);
  expect(before.stderr).toMatch(/^warning: .*ExternalApiTenant and ExternalApiAttention.*external-api setup/m);
  expect(before.stderr).not.toContain('(node:');

  const setup = await cli(['setup']);
  expect(setup).toMatchObject({ code: 0, stderr: '' });
  const present = { namespace: temporal.namespace, registered: [], retention_days: 1, retention_changed: false };
  expect(setup.json()).toEqual({ ...present, registered: ['ExternalApiTenant', 'ExternalApiAttention'] });

  const after = await cli(start);
  expect(after.code).toBe(0);
  expect(after.stderr).not.toContain('warning');
  const { request_id: id } = after.json() as { request_id: string };
  await waitUntil('the tenant is found', async () => {
    const query = "ExternalApiTenant = 'acme'";
    const { executions } = await temporal.connection.workflowService.listWorkflowExecutions({ ...temporal, query });
    return executions.some(({ execution }) => execution?.workflowId?.endsWith(id));
  });

  const again = await cli(['setup']);
  expect(again.json()).toEqual(present);
});

test('[C5] setup --retention sets the retention of the namespace, and only when it differs', async () => {
  const set = await cli(['setup', '--retention', '3']);
  expect(set).toMatchObject({ code: 0 });
  expect(set.json()).toMatchObject({ retention_days: 3, retention_changed: true });
  const { namespace } = temporal;
  const { config } = await temporal.connection.workflowService.describeNamespace({ namespace });
  expect(tsToMs(config?.workflowExecutionRetentionTtl)).toBe(3 * 86_400_000);
  const again = await cli(['setup', '--retention', '3']);
  expect(again.json()).toMatchObject({ retention_days: 3, retention_changed: false });
  const text = await cli(['setup'], { terminal: true });
  expect(text.stdout).toMatch(/search attribute ExternalApiTenant: there already\n.*\n {2}retention: 3 days\n$/);
});

test('[C5] setup refuses a namespace whose attribute has another type, exit 1', async () => {
  const other = await connectToTemporal({ searchAttributes: false });
  const TEXT = 1;
  const { namespace } = other;
  await other.connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries([['ExternalApiTenant', TEXT]]),
  });
  const { code, stdout, stderr } = await cli(['setup'], { env: { ...env, TEMPORAL_NAMESPACE: namespace } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .* has ExternalApiTenant with another type than Keyword\. .*\n$/);
  await other.close();
});

test('[C5] setup waits until the server has made the new attributes usable', async () => {
  const asked: string[] = [];
  await using server = await startGrpcServer((method) => {
    asked.push(method);
    const isTooEarly = method === 'CountWorkflowExecutions' && asked.filter((one) => one === method).length <= 2;
    return isTooEarly ? INVALID_ARGUMENT : OK;
  });
  const { code, json } = await cli(['setup'], { env: { TEMPORAL_ADDRESS: server.address } });
  expect(code).toBe(0);
  expect(json()).toMatchObject({ registered: ['ExternalApiTenant', 'ExternalApiAttention'] });
  expect(asked.filter((method) => method === 'CountWorkflowExecutions')).toHaveLength(3);
});

test('[C5] setup without the permission says what to do, exit 1', async () => {
  await using server = await startGrpcServer((method) => (method === 'GetSystemInfo' ? OK : PERMISSION_DENIED));
  const { code, stdout, stderr } = await cli(['setup'], { env: { TEMPORAL_ADDRESS: server.address } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: These credentials may not change the namespace default\. Let an administrator/);
});

test('[C5] a namespace that is not there is named, exit 69', async () => {
  for (const args of [['setup'], ['process', '--data', '1']]) {
    const { code, stderr } = await cli(args, { env: { ...env, TEMPORAL_NAMESPACE: 'nowhere' } });
    expect(stderr).toMatch(
      /^error: The Temporal server at \S+ \(from TEMPORAL_ADDRESS\) has no namespace nowhere\. Check /,
    );
    expect(code).toBe(69);
  }
});

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const OK = 0;
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;

/** A server that answers every call with an empty message, or with the status code that `statusOf` gives its method. */
async function startGrpcServer(statusOf: (method: string) => number): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const status = statusOf(headers[':path']?.split('/').at(-1) ?? '');
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': `${status}` }));
    // An empty message: not compressed, of length 0.
    stream.end(status === OK ? Buffer.alloc(5) : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
