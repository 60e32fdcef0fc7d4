import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Strings that must never be seen outside of a call to the provider. */
const SECRETS = { apiKey: 'canary-api-key-7f3a', clientSecret: 'canary/secret+%:9c1e' };
const PAYLOAD = 'canary-payload-55d0';

let stack: Stack;
let client: ExternalApiClient;
let output = '';
let completed: string;
let failed: string;

interface LogLine {
  level: string;
  timestamp: string;
  event?: string;
  [member: string]: unknown;
}

function logLines(): LogLine[] {
  const whole = output.slice(0, output.lastIndexOf('\n'));
  return whole.split('\n').map((line) => JSON.parse(line) as LogLine);
}

function callLines(requestId: string): LogLine[] {
  return logLines().filter((line) => line.event === 'external_api_request' && line['request_id'] === requestId);
}

beforeAll(async () => {
  stack = await startStack({
    workerEnv: { LOG_LEVEL: 'debug', EXTERNAL_API_RETRY_DELAY: '0.01', EXTERNAL_API_POLL_INITIAL: '0.05' },
    fakeProvider: { credentials: SECRETS, settings: { jobDurationMs: 0 } },
  });
  stack.worker.child.stdout?.on('data', (text: string) => (output += text));
  client = new ExternalApiClient(stack.temporal.client);
  stack.fakeProvider.script(
    { endpoint: '/status/{request_id}', fault: { kind: 'executed-no-answer' } },
    {
      endpoint: '/process',
      skip: 1,
      fault: { kind: 'status', code: 400, body: { error: `${SECRETS.apiKey} is odd` } },
    },
  );
  const first = await client.process({ data: PAYLOAD, options: { async: true } });
  await first.result();
  const second = await client.process({ data: PAYLOAD });
  await second.result().catch(() => {});
  [completed, failed] = [first.requestId, second.requestId];
  await waitUntil('the last call is logged', () => callLines(failed).length === 1);
});
afterAll(() => stack[Symbol.asyncDispose]());

test('[M14] every call to the provider is one log line of the agreed shape', () => {
  const lines = callLines(completed);
  const shape = {
    request_id: completed,
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    response_time: expect.any(Number),
  };
  expect(lines).toEqual(
    [
      { ...shape, level: 'info', endpoint: '/oauth/token', method: 'POST', status_code: 200, retry_count: 0 },
      { ...shape, level: 'info', endpoint: '/process', method: 'POST', status_code: 202, retry_count: 0 },
      { ...shape, level: 'warn', endpoint: '/status/{request_id}', method: 'GET', status_code: null, retry_count: 0 },
      { ...shape, level: 'info', endpoint: '/status/{request_id}', method: 'GET', status_code: 200, retry_count: 1 },
    ].map((line) => expect.objectContaining(line) as unknown),
  );
});

test('[M14] the log of the calls is the ledger of the provider: nothing is missing, nothing is told twice', () => {
  const calls = logLines().filter((line) => line.event === 'external_api_request');
  expect(calls.map((line) => line['endpoint'])).toEqual(stack.fakeProvider.ledger.map(({ endpoint }) => endpoint));
});

test("[M15] one page has the SDK's metrics and ours", async () => {
  const page = await (await fetch(`${stack.worker.url}/metrics`)).text();
  for (const line of [
    'external_api_calls_total{class="interactive",operation="submit",outcome="succeeded"} 1',
    'external_api_calls_total{class="interactive",operation="submit",outcome="final"} 1',
    'external_api_calls_total{class="poll",operation="status",outcome="ambiguous"} 1',
    'external_api_call_duration_seconds_count{operation="submit"} 2',
    'external_api_call_duration_seconds_bucket{operation="submit",le="30"} 2',
    'external_api_token_refreshes_total 1',
    'external_api_errors_total{type="ExternalAPIError"} 2',
  ]) {
    expect(page).toContain(line);
  }
  expect(page).toMatch(/^external_api_requests_total\{.*status="completed".*\} 1$/m);
  expect(page).toMatch(/^external_api_requests_total\{.*status="failed".*\} 1$/m);
  expect(page).toMatch(/^temporal_workflow_completed_total/m);
});

test('[M10] the pool of connections can be watched', async () => {
  const page = await (await fetch(`${stack.worker.url}/metrics`)).text();
  expect(page).toMatch(/^external_api_connections\{state="open"\} [1-9]/m);
  expect(page).toMatch(/^external_api_connections\{state="in_use"\} 0$/m);
  expect(page).toMatch(/^external_api_connections\{state="waiting"\} 0$/m);
});

test('[C1] the worker says that it lives and that it takes work, and what else it does not serve', async () => {
  const status = async (path: string) => (await fetch(stack.worker.url + path)).status;
  expect(await Promise.all(['/healthz', '/readyz', '/else'].map(status))).toEqual([200, 200, 404]);
});

test('[N7] no secret and no payload is in a log or a metric, and no secret in a history', async () => {
  const page = await (await fetch(`${stack.worker.url}/metrics`)).text();
  const histories = await Promise.all(
    [completed, failed].map((id) => stack.temporal.client.workflow.getHandle(workflowIdOf(id)).fetchHistory()),
  );
  // Payloads are base64 in the JSON of a history.
  const decoded = JSON.stringify(histories).replaceAll(/"data":"([^"]*)"/g, (_match, data: string) => atob(data));
  expect(decoded.includes(PAYLOAD)).toBe(true);
  for (const secret of Object.values(SECRETS)) {
    expect([output, page, decoded].map((text) => text.includes(secret))).toEqual([false, false, false]);
  }
  expect([output, page].map((text) => text.includes(PAYLOAD))).toEqual([false, false]);
});

test('[M15][N4] how long it takes from a callback to the end of its request is measured', async () => {
  const rests = {
    kind: 'status',
    code: 200,
    body: { status: 'processing' },
    headers: { 'retry-after': '600' },
  } as const;
  stack.fakeProvider.script({ endpoint: '/status/{request_id}', fault: rests });
  const handle = await client.process({ data: 'told of', options: { async: true } });
  await waitUntil('the poll rests', async () => (await handle.status()).waitingFor?.until);
  await client.callback(handle.requestId, { providerRequestId: null, arrivedAt: Date.now() - 200 });
  await handle.result();
  const page = await (await fetch(`${stack.worker.url}/metrics`)).text();
  expect(page).toMatch(/^external_api_callback_latency_seconds_count\{.*\} 1$/m);
  expect(page).toMatch(/^external_api_callback_latency_seconds_bucket\{.*le="0\.1"\} 0$/m);
  expect(page).toMatch(/^external_api_callback_latency_seconds_bucket\{.*le="60"\} 1$/m);
});
