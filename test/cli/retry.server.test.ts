import '../helpers/quiet-runtime.ts';
import { userInfo } from 'node:os';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { retryAll } from '../../src/cli/retry-all.ts';
import { ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';
import { retryIdOf } from '../../src/client/request-id.ts';
import { TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { runCli, type CliOptions } from './run-cli.ts';

let stack: Stack;
let client: ExternalApiClient;
beforeAll(async () => {
  stack = await startStack();
  client = new ExternalApiClient(stack.temporal.client);
});
beforeEach(() => stack.fakeProvider.clearFaults());
afterAll(() => stack[Symbol.asyncDispose]());

interface BulkJson {
  dry_run: boolean;
  requests: {
    request_id: string;
    outcome: string;
    retried_by: string | null;
    adopted: string | null;
    error: { type: string; message: string } | null;
  }[];
}

async function cli<Json>(args: string[], options: CliOptions = {}) {
  const result = await runCli(args, { ...options, env: { ...stack.clientEnv, ...options.env } });
  return { ...result, json: () => JSON.parse(result.stdout) as Json };
}

/** A request that the provider has refused. */
async function refused(tenant: string, code = 400): Promise<string> {
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'status', code } });
  const handle = await client.process({ data: 1 }, { tenant });
  await handle.result().catch(() => {});
  stack.fakeProvider.clearFaults();
  return handle.requestId;
}

/** A request of which nobody knows whether it was done, given up. */
async function givenUp(tenant: string): Promise<string> {
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await client.process({ data: 1 }, { tenant, unknownHold: 1 });
  await handle.result().catch(() => {});
  stack.fakeProvider.clearFaults();
  return handle.requestId;
}

/** A request whose failure and whose cancellation its workflow sees at once. */
async function failedBeforeItsCancel({ nativeConnection: connection, namespace, client: temporal }: TestTemporal) {
  const shared = { connection, namespace, taskQueue: TASK_QUEUES.requests };
  const workflows = { ...shared, workflowBundle: { codePath: inject('workflowBundlePath') } };
  const authenticate = async () => {
    const details = [{ failure: 'forbidden', outcome: 'final' }];
    throw ApplicationFailure.create({ type: 'APIAuthenticationError', nonRetryable: true, details });
  };
  const handle = await new ExternalApiClient(temporal).process({ data: 1 });
  const saw = async (attributes: 'activityTaskScheduledEventAttributes' | 'activityTaskFailedEventAttributes') => {
    const { events } = await temporal.workflow.getHandle(workflowIdOf(handle.requestId)).fetchHistory();
    return events?.some((event) => event[attributes]) ?? false;
  };
  const scheduled = () => waitUntil('it is scheduled', () => saw('activityTaskScheduledEventAttributes'));
  const failed = () => waitUntil('it failed', () => saw('activityTaskFailedEventAttributes'));
  await (await Worker.create({ ...workflows, stickyQueueScheduleToStartTimeout: 1 })).runUntil(scheduled);
  await (await Worker.create({ ...shared, activities: { authenticate } })).runUntil(failed);
  await handle.cancel('too late');
  await (await Worker.create(workflows)).runUntil(handle.result().catch(() => {}));
  return handle;
}

/** Waits until the list, which lags behind, has so many failed requests of a tenant. */
async function listed(tenant: string, count: number, by = client): Promise<void> {
  await waitUntil('the list has them', async () => {
    let found = 0;
    for await (const _ of by.list({ status: 'failed', tenant })) found++;
    return found === count;
  });
}

const ALL = ['retry', '--all', '--status', 'failed', '--since', '1h'];

test('[N18][C4] E12: retry sends a failed request again, shows the new one, and finds it the next time', async () => {
  const id = await refused('default');
  const first = await cli<{ request_id: string; retry_of: string }>(['retry', id, '--reason', 'corrected there']);
  expect(first.code).toBe(0);
  expect(first.json()).toMatchObject({ request_id: retryIdOf('default', id), retry_of: id });
  expect(first.stderr).toBe(`${id}: sent again as ${first.json().request_id}\n`);
  const { staticDetails } = await stack.temporal.client.workflow
    .getHandle(workflowIdOf(first.json().request_id))
    .describe();
  expect(await staticDetails()).toBe(`A retry of ${id}, by ${userInfo().username}: corrected there`);
  const second = await cli<{ request_id: string }>(['retry', id]);
  expect(second.json().request_id).toBe(first.json().request_id);
  const { request_id: retryId } = first.json();
  expect(second.stderr).toBe(`${id}: it was retried as ${retryId}: \`external-api why ${retryId}\`\n`);
  const old = await cli(['status', id], { terminal: true });
  expect(old.stdout).toContain(`retried by    ${first.json().request_id}`);
  const listedNow = await waitUntil('it is listed', async () => {
    const list = await cli(['list', '--status', 'completed'], { terminal: true });
    return list.stdout.includes(first.json().request_id) && list;
  });
  expect(listedNow.stdout).toContain('completed');
  expect((await cli(['list', '--long'], { terminal: true })).stdout).toContain('RETRY OF');
});

test('[N18][N1] E12: retry refuses what may have been done, and says what to do', async () => {
  const id = await givenUp('default');
  const { code, stderr, stdout } = await cli(['retry', id]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`ask it for Idempotency-Key ${id}`);
  expect((await cli(['retry', `req_${'0'.repeat(26)}`])).code).toBe(3);
});

test('[N18] E12: after a night of wrong credentials, all are told first, then sent again, once', async () => {
  const tenant = 'night';
  const ids = [await refused(tenant, 403), await refused(tenant, 403)];
  const input = await refused(tenant, 400);
  const unknown = await givenUp(tenant);
  await refused('elsewhere', 403);
  await listed(tenant, 4);
  const recent = ['list', '--tenant', tenant, '--since', '1h'];
  const counted = await cli<{ counts: object[]; total: number }>([...recent, '--count-by', 'error']);
  expect(counted.json()).toMatchObject({ count_by: 'error', total: 4 });
  expect(counted.json().counts).toHaveLength(3);
  expect(counted.json().counts[0]).toEqual({ value: 'APIAuthenticationError', count: 2 });
  const listedNow = await cli<{ requests: { request_id: string; error: { type: string } }[] }>([
    ...recent,
    '--error',
    'APIAuthenticationError',
  ]);
  expect(
    listedNow
      .json()
      .requests.map(({ request_id }) => request_id)
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect(listedNow.json().requests[0]?.error.type).toBe('APIAuthenticationError');
  const all = [...ALL, '--tenant', tenant];
  const outcomes = ({ requests }: BulkJson) => new Map(requests.map((entry) => [entry.request_id, entry.outcome]));

  const dry = await cli<BulkJson>(all);
  expect(dry.code).toBe(0);
  expect(dry.json().dry_run).toBe(true);
  const planned = ids.map((id) => [id, 'planned'] as const);
  expect(outcomes(dry.json())).toEqual(
    new Map<string, string>([...planned, [input, 'left_out'], [unknown, 'refused']]),
  );
  expect(dry.stderr).toContain('Dry run: nothing was started; --yes retries these 2 requests. 1 would be refused.');
  expect(dry.stderr).toContain('1 left out, as the provider refused its input: --refused retries them too.');
  const asked = await cli<BulkJson>([...all, '--refused']);
  expect(outcomes(asked.json()).get(input)).toBe('planned');
  expect(await client.status(ids[0]!)).toMatchObject({ retriedBy: null });

  const night = [...all, '--error', 'APIAuthenticationError', '--yes'];
  const done = await cli<BulkJson>(night);
  expect([done.code, done.stderr]).toEqual([0, '2 retried, 0 retried before, 0 refused.\n']);
  for (const { request_id, retried_by } of done.json().requests) {
    expect(retried_by).toBe(retryIdOf(tenant, request_id));
    expect((await client.result(retried_by!)).status).toBe('completed');
  }
  const again = await cli<BulkJson>(night);
  expect([again.code, again.stderr]).toEqual([0, '0 retried, 2 retried before, 0 refused.\n']);

  const rest = await cli<BulkJson>([...all, '--refused', '--yes'], { terminal: true });
  expect(rest.code).toBe(1);
  expect(rest.stderr).toContain('1 retried, 2 retried before, 1 refused.');
  const line = new RegExp(`${unknown}  night  failed \\S+\\s+OutcomeUnknown  refused: [^]*Idempotency-Key`);
  expect(rest.stdout).toMatch(line);
});

test('[N18][N11] E12: what its caller has cancelled too late is left out of many', async () => {
  const temporal = await connectToTemporal();
  const { requestId } = await failedBeforeItsCancel(temporal);
  const its = new ExternalApiClient(temporal.client);
  await listed('default', 1, its);
  const env = { TEMPORAL_NAMESPACE: temporal.namespace };
  const { code, stderr, json } = await cli<BulkJson>([...ALL, '--yes'], { env });
  expect(json().requests).toMatchObject([{ request_id: requestId, outcome: 'left_out', retried_by: null }]);
  expect(stderr).toContain('0 refused. 1 left out, as its caller cancelled it.');
  expect(code).toBe(0);
  expect(await its.status(requestId)).toMatchObject({ cancellation: 'finished_anyway', retriedBy: null });
  await temporal.close();
});

test('[N18][C5] E12: on a server without our search attributes, too, only what ended so is retried', async () => {
  await using plain = await startInProcessStack({ temporal: await connectToTemporal({ searchAttributes: false }) });
  plain.fake.settings.jobDurationMs = 60_000;
  const late = await plain.client.process({ data: 1, options: { async: true } }, { deadline: '1 second' });
  await late.result().catch(() => {});
  plain.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
  const failed = await plain.client.process({ data: 1 });
  await failed.result().catch(() => {});
  await listed('default', 2, plain.client);
  const env = { TEMPORAL_NAMESPACE: plain.temporal.namespace };
  for (const [status, { requestId }] of [['failed', failed] as const, ['timed_out', late] as const]) {
    const dry = await cli<BulkJson>(['retry', '--all', '--status', status, '--since', '1h', '--refused'], { env });
    expect(dry.json().requests).toMatchObject([{ request_id: requestId, outcome: 'planned' }]);
  }
});

test('[N18] E12: only what ended since then is retried', async () => {
  await refused('earlier');
  await listed('earlier', 1);
  const since = new Date(Date.now() + 1).toISOString();
  await waitUntil('that time has passed', () => new Date().toISOString() > since);
  const { code, stderr } = await cli(['retry', '--all', '--status', 'failed', '--tenant', 'earlier', '--since', since]);
  expect([code, stderr]).toEqual([0, 'No request ended so since then.\n']);
});

test('[N18] E12: when Temporal goes away in between, what was retried is told, and the rest is left', async () => {
  const tenant = 'cut-off';
  for (let n = 0; n < 3; n++) await refused(tenant);
  await listed(tenant, 3);
  let calls = 0;
  const cut = new Proxy(client, {
    get(target, name) {
      if (name === 'retry') {
        return async (id: string) => {
          if (++calls === 2) throw new TemporalUnavailableError();
          return await target.retry(id);
        };
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const since = new Date(Date.now() - 3_600_000);
  const code = await retryAll(cut, { status: 'failed', since, tenant, by: 'jo', refused: true, yes: true }, {});
  expect([code, calls]).toEqual([69, 2]);
});

test.each([
  [['retry'], 'say which request'],
  [['retry', '--all'], '--all needs --status'],
  [['retry', '--all', '--status', 'failed'], '--since'],
  [['retry', '--all', '--status', 'cancelled', '--since', '1h'], 'Allowed choices are failed, timed_out'],
  [[...ALL, '--error', 'Nonsense'], 'Allowed choices are'],
  [[...ALL, '--reason', ' '], '--reason must say why'],
  [[...ALL, '--by', 'x'.repeat(201)], '--by must say who'],
  [['retry', '--all', '--status', 'failed', '--since', 'yesterday'], 'such as 2026-11-25T18:00Z'],
  [['retry', `req_${'0'.repeat(26)}`, '--yes'], '--yes goes with --all only'],
  [['retry', `req_${'0'.repeat(26)}`, ...ALL.slice(1)], 'not both'],
])('[N18][C4] %j is a usage error that says what is missing', async (args, complaint) => {
  const { code, stderr } = await cli(args);
  expect(code).toBe(2);
  expect(stderr).toContain(complaint);
});
