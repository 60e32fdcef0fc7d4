import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/external-api-client.ts';
import { startBudgetPage } from '../helpers/budget-page.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { runCli } from './run-cli.ts';

const UNKNOWN_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

let stack: Stack;
let client: ExternalApiClient;
beforeAll(async () => {
  stack = await startStack({ workerEnv: { EXTERNAL_API_RATE_LIMIT: '1000' } });
  client = new ExternalApiClient(stack.temporal.client);
});
afterAll(() => stack[Symbol.asyncDispose]());

const cli = (args: string[], { workerUrl = stack.worker.url, terminal = false } = {}) =>
  runCli(args, { env: { ...stack.clientEnv, EXTERNAL_API_WORKER_URL: workerUrl }, terminal });

const json = (stdout: string): unknown => JSON.parse(stdout);

test('[N6] why says at a terminal in one sentence, and to programs as JSON, how a request ended', async () => {
  const { requestId, result } = await client.process({ data: 1 });
  await result();
  const person = await cli(['why', requestId], { terminal: true });
  expect(person).toMatchObject({ code: 0, stderr: '' });
  expect(person.stdout).toMatch(
    new RegExp(`^${requestId} completed at \\S+ with the provider's result, \\S+ s after its start\\.\\n$`),
  );
  const program = await cli(['why', requestId]);
  expect(program).toMatchObject({ code: 0, stderr: '' });
  const time = expect.stringMatching(/^\d{4}-.*Z$/) as unknown;
  expect(json(program.stdout)).toEqual({
    request_id: requestId,
    status: 'completed',
    reason: null,
    since: time,
    until: null,
    sentence: person.stdout.trimEnd(),
    evidence: {
      attempt: null,
      calls: null,
      last_failure: null,
      budget: null,
      worker: stack.worker.url,
      worker_problem: null,
      pollers: null,
      stale: false,
      provider_request_id: expect.any(String),
      error: null,
      source: 'provider',
      cancellation: null,
      cancel_requested: false,
      resolution: null,
    },
  });
});

test('[C4][N6] why of an unknown id exits 3', async () => {
  expect(await cli(['why', UNKNOWN_ID])).toEqual({
    code: 3,
    stdout: '',
    stderr: `error: There is no request ${UNKNOWN_ID}.\n`,
  });
});

test('[M9] budget shows what a worker counts, as rows or as JSON', async () => {
  const person = await cli(['budget'], { terminal: true });
  expect(person).toMatchObject({ code: 0, stderr: '' });
  expect(person.stdout).toMatch(/^Call budget at \S+Z\n {2}state +open\n {2}calls +\d+ of 1000 in the last 60 s\n/);
  const program = await cli(['budget']);
  expect(program).toMatchObject({ code: 0, stderr: '' });
  expect(json(program.stdout)).toMatchObject({ limit: 1000, window_ms: 60_000, closed_by: null, counted_in: 'memory' });
});

test('[M9][N6] without a worker budget says where one was asked, and with which variable; exit 69', async () => {
  const gone = await startBudgetPage();
  await gone[Symbol.asyncDispose]();
  const { code, stdout, stderr } = await cli(['budget'], { workerUrl: gone.url });
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toContain(
    `error: No worker says what the call budget is: ${gone.url}/budget does not answer (ECONNREFUSED). ` +
      'The address is from EXTERNAL_API_WORKER_URL. Temporal has heard of one ',
  );
  expect(stderr).toContain('Set EXTERNAL_API_WORKER_URL to where one has its METRICS_HOST and METRICS_PORT');
});

test('[N6][N2][M9] a 429 is what the request waits for, and what closes the budget of the worker', async () => {
  stack.fakeProvider.script({
    endpoint: '/process',
    fault: { kind: 'status', code: 429, headers: { 'retry-after': '300' } },
  });
  const first = await client.process({ data: 2 });
  await waitUntil('it waits', async () => (await first.status()).waitingFor?.reason === 'cool_down');
  const { stdout } = await cli(['why', first.requestId], { terminal: true });
  expect(stdout).toMatch(
    / has waited \S+ s because the provider asked us to wait \(429\) until \S+Z; 1 call so far\.\n$/,
  );
  expect(json((await cli(['budget'])).stdout)).toMatchObject({ closed_by: 'cool_down' });

  // Its submit stays in the queue: the worker does not poll, though it lives.
  const second = await client.process({ data: 3 });
  await waitUntil('its turn has come', async () => (await second.status()).status === 'submitting');
  const why = await waitUntil('its wait is told', async () => {
    const told = json((await cli(['why', second.requestId])).stdout) as { reason: string; sentence: string };
    return told.reason === 'cool_down' && told;
  });
  expect(why.sentence).toMatch(/because the provider asked us to wait until \S+Z\.$/);
  await Promise.all([first.cancel(), second.cancel()]);
});

test('[N6][M9][N11] a frozen worker listens and does not answer, and is not called gone; a cancellation that it has not seen is told', async () => {
  const { child, url } = stack.worker;
  child.kill('SIGSTOP');
  try {
    const { requestId } = await client.process({ data: 4 });
    await client.cancel(requestId);
    const [budget, why, status] = await Promise.all([
      cli(['budget']),
      cli(['why', requestId]),
      cli(['status', requestId], { terminal: true }),
    ]);
    const silence = 'listens and does not answer within 2000 ms';
    expect(budget.code).toBe(69);
    expect(budget.stderr).toContain(`${url}/budget ${silence}. `);
    expect(budget.stderr).toMatch(/Temporal has heard of one \S+ \w+ ago \(\d+@.*\)/);
    const { sentence, evidence } = json(why.stdout) as { sentence: string; evidence: { pollers: unknown[] } };
    expect(sentence).toContain(`${url} (from EXTERNAL_API_WORKER_URL) ${silence}; Temporal has heard of one `);
    expect(sentence).toMatch(/its cancellation is asked for, and no worker has seen that yet\.$/);
    expect(evidence).toMatchObject({ worker_problem: silence, cancel_requested: true, stale: true });
    expect(evidence.pollers).not.toEqual([]);
    expect(status.stdout).toContain('; its cancellation is asked for; no worker answered in time\n');
  } finally {
    child.kill('SIGCONT');
  }
});
