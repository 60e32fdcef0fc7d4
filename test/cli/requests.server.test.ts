import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/external-api-client.ts';
import { REQUEST_ID_PATTERN, workflowIdOf } from '../../src/contract/names.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { runCli, startCli, type CliOptions } from './run-cli.ts';

const UNKNOWN_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const LONG = 600_000;

let stack: Stack;
let client: ExternalApiClient;
beforeAll(async () => {
  stack = await startStack({ workerEnv: { EXTERNAL_API_POLL_INITIAL: '0.05', EXTERNAL_API_POLL_MAX: '0.2' } });
  client = new ExternalApiClient(stack.temporal.client);
});
afterAll(() => stack[Symbol.asyncDispose]());

interface RequestJson {
  request_id: string;
  status: string;
  result: { processed_data: unknown; metadata: object } | null;
  error: { type: string; message: string; status_code: number | null } | null;
  [member: string]: unknown;
}

/** A command against the stack. `json`: its stdout, which must be one JSON document and nothing else. */
async function cli(args: string[], options: CliOptions = {}) {
  const result = await runCli(args, { ...options, env: { ...stack.clientEnv } });
  return { ...result, json: () => JSON.parse(result.stdout) as RequestJson };
}

/** The id of a request that goes on for as long as a test may take. */
async function startLongJob(tenant = 'default'): Promise<string> {
  stack.fakeProvider.settings.jobDurationMs = LONG;
  return (await client.process({ data: 'long', options: { async: true } }, { tenant })).requestId;
}

test('[C4][M1] process --wait takes data from an option, a file or standard input, and prints the result', async () => {
  const data = '{"text":"Grüße","n":[1,2]}';
  const folder = await mkdtemp(join(tmpdir(), 'external-api-cli-'));
  const file = join(folder, 'data.json');
  await writeFile(file, `\ufeff${data}\n`);
  const runs = await Promise.all([
    cli(['process', '--wait', '--data', data]),
    cli(['process', '--wait', '--file', file]),
    cli(['process', '--wait', '-'], { stdin: data }),
  ]);
  await rm(folder, { recursive: true });
  const results = runs.map(({ code, json }) => {
    expect(code).toBe(0);
    expect(json()).toMatchObject({ status: 'completed', error: null, source: 'provider', waiting_for: null });
    expect(json().request_id).toMatch(REQUEST_ID_PATTERN);
    return json().result?.processed_data;
  });
  expect(results[0]).toBeDefined();
  expect(results).toEqual([results[0], results[0], results[0]]);
});

test('[C4][M1] without --wait process prints the id and the state at once; result waits for the end', async () => {
  stack.fakeProvider.settings.jobDurationMs = 1_000;
  const started = await cli(['process', '--async', '--data', '"x"']);
  expect(started.code).toBe(0);
  expect(started.json().status).toMatch(/^(queued|authenticating|submitting|processing)$/);
  expect(started.stderr).toBe(`Request ${started.json().request_id}\n`);
  const ended = await cli(['result', workflowIdOf(started.json().request_id)]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.json()).toMatchObject({ request_id: started.json().request_id, status: 'completed' });
  const status = await cli(['status', started.json().request_id]);
  expect(status.json()).toEqual(ended.json());
});

test('[C4] the same --key finds the same request, and with other data exits 2 and starts nothing', async () => {
  const args = ['process', '--wait', '--key', 'order-1', '--data'];
  const first = await cli([...args, '1']);
  const again = await cli([...args, '1']);
  expect(again).toMatchObject({ code: 0, stdout: first.stdout });
  const other = await cli([...args, '2']);
  expect(other).toMatchObject({ code: 2, stdout: '' });
  expect(other.stderr).toContain(`already belongs to ${first.json().request_id}`);
  const otherTenant = await cli([...args, '2', '--tenant', 'acme']);
  expect(otherTenant.code).toBe(0);
  expect(otherTenant.json().request_id).not.toBe(first.json().request_id);
});

test('[C4][M4] --async reaches the provider', async () => {
  stack.fakeProvider.settings.jobDurationMs = 50;
  const { code, json } = await cli(['process', '--data', '1', '--async', '--wait']);
  expect(code).toBe(0);
  const polls = stack.fakeProvider.ledger.filter(({ endpoint }) => endpoint === '/status/{request_id}');
  expect(polls.map(({ providerRequestId }) => providerRequestId)).toContain(json()['provider_request_id']);
});

test('[C4][M6] a failed request is printed whole, with its error on stderr, exit 1', async () => {
  stack.fakeProvider.script({
    endpoint: '/process',
    fault: { kind: 'status', code: 400, body: { error: 'no such unit' } },
  });
  const { code, json, stderr } = await cli(['process', '--data', '1', '--wait']);
  expect(code).toBe(1);
  expect(json()).toMatchObject({
    status: 'failed',
    result: null,
    error: { type: 'ExternalAPIError', status_code: 400 },
  });
  expect(stderr).toMatch(/Bad Request.*no such unit\n$/);
  const status = await cli(['status', json().request_id]);
  expect(status.code).toBe(0);
  expect((await cli(['result', json().request_id])).code).toBe(1);
});

test('[C4] --deadline ends a request that has no result by then, exit 1', async () => {
  stack.fakeProvider.settings.jobDurationMs = LONG;
  const { code, json } = await cli(['process', '--data', '1', '--async', '--deadline', '500ms', '--wait']);
  expect(code).toBe(1);
  expect(json()).toMatchObject({ status: 'timed_out', error: { type: 'APITimeoutError' } });
});

test('[C4] a wait that ends before the request exits 4, prints its state, and the request goes on', async () => {
  stack.fakeProvider.settings.jobDurationMs = LONG;
  // The timeout alone means that there is a wait.
  const first = await cli(['process', '--data', '1', '--async', '--timeout', '400ms']);
  const id = first.json().request_id;
  for (const { code, json, stderr } of [first, await cli(['result', id, '--timeout', '100ms'])]) {
    expect(code).toBe(4);
    expect(json()).toMatchObject({ request_id: id, result: null });
    expect(stderr).toContain('It goes on');
  }
  expect((await cli(['status', id])).json()['completed_at']).toBeNull();
});

test('[C4] Ctrl-C ends the wait and not the request, says so, exit 130', async () => {
  const id = await startLongJob();
  const waiting = startCli(['result', id], { env: { ...stack.clientEnv }, terminal: true });
  await waiting.said(/^processing/m);
  waiting.interrupt();
  const { code, stdout, stderr } = await waiting.result;
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  expect(stderr).toMatch(new RegExp(`The request goes on: external-api result ${id}\\n$`));
  expect((await cli(['status', id])).json().status).toBe('processing');
});

test('[C4] cancel ends a running request, whose result exits 1; a finished one it refuses, exit 1', async () => {
  const id = await startLongJob();
  const cancelled = await cli(['cancel', id, '--reason', 'wrong customer']);
  expect(cancelled.code).toBe(0);
  expect(cancelled.json().request_id).toBe(id);
  const result = await cli(['result', id]);
  expect(result.code).toBe(1);
  expect(result.json()).toMatchObject({ status: 'cancelled', result: null });
  const { events } = await stack.temporal.client.workflow.getHandle(workflowIdOf(id)).fetchHistory();
  expect(JSON.stringify(events)).toContain('wrong customer');

  const again = await cli(['cancel', id]);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toBe(`error: Request ${id} has ended already. Its status says how.\n`);
});

test.each(['status', 'result', 'cancel'])('[C4] %s of an unknown id exits 3', async (command) => {
  const { code, stdout, stderr } = await cli([command, UNKNOWN_ID]);
  expect({ code, stdout, stderr }).toEqual({
    code: 3,
    stdout: '',
    stderr: `error: There is no request ${UNKNOWN_ID}.\n`,
  });
});

test('[C4] list is one JSON object: the latest first, filtered, and continued by its cursor', async () => {
  const ids: string[] = [];
  for (const data of ['1', '2', '3']) {
    const handle = await client.process({ data }, { tenant: 'lister' });
    await handle.result();
    ids.unshift(handle.requestId);
  }
  const running = await startLongJob('lister');
  const list = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(['list', '--tenant', 'lister', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as { requests: { request_id: string; status: string }[]; next_cursor: string | null };
  };
  const idsOf = ({ requests }: Awaited<ReturnType<typeof list>>) => requests.map((request) => request.request_id);
  await waitUntil('visibility has all', async () => (await list('--status', 'completed')).requests.length === 3);
  const all = await list();
  expect(idsOf(all)).toEqual([running, ...ids]);
  expect(all.next_cursor).toBeNull();
  expect(all.requests[0]).toEqual({
    request_id: running,
    tenant: 'lister',
    status: 'running',
    created_at: expect.stringMatching(/Z$/),
    completed_at: null,
    retry_of: null,
    error: null,
  });
  expect(idsOf(await list('--status', 'running'))).toEqual([running]);
  const page = await list('--limit', '2');
  expect(idsOf(page)).toEqual([running, ids[0]]);
  expect(idsOf(await list('--limit', '2', '--cursor', page.next_cursor ?? ''))).toEqual([ids[1], ids[2]]);
});

test('[C4] a terminal gets every state as it changes, and text instead of JSON', async () => {
  stack.fakeProvider.settings.jobDurationMs = 1_500;
  const { code, stdout, stderr } = await cli(['process', '--async', '--wait', '--data', '1'], { terminal: true });
  expect(code).toBe(0);
  const told = stderr.trimEnd().split('\n');
  expect(told[0]).toMatch(/^Request req_/);
  expect(told.at(-1)).toMatch(/^processing, waits for the provider/);
  // What it waits for in between is told too, when it is seen; the time of the next poll is no news.
  expect(told.filter((line) => line.startsWith('processing, waits for the provider'))).toHaveLength(1);
  expect(stdout).toMatch(/^req_\w+\n {2}status +completed\n/);
});

test('[C4][M12] what the provider wrote cannot steer the terminal', async () => {
  const body = { success: true, result: { processed_data: '\u009b31mred', metadata: {} }, request_id: 'job-1' };
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'status', code: 200, body } });
  const { stdout } = await cli(['process', '--wait', '--data', '1'], { terminal: true });
  expect(stdout).toContain('"\\u009b31mred"');
  expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
});

test('[C4] --json prints JSON at a terminal too', async () => {
  const { stdout } = await cli(['list', '--limit', '1', '--json'], { terminal: true });
  expect(JSON.parse(stdout)).toHaveProperty('requests');
});

test('[C4] a reader that has enough ends the command quietly', async () => {
  const running = startCli(['list'], { env: { ...stack.clientEnv } });
  running.closeStdout();
  expect(await running.result).toEqual({ code: 0, stdout: '', stderr: '' });
});
