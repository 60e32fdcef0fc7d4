import { userInfo } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { decisions, type Bulk } from '../../src/cli/resolve-all.ts';
import { unknownOutcomes } from '../../src/cli/unknown-outcomes.ts';
import { ExternalApiClient, type ResolveOptions } from '../../src/client/index.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import type { RequestState } from '../../src/contract/request.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { runCli, type CliOptions } from './run-cli.ts';

const UNKNOWN_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const WHY = ['--reason', 'asked the provider'];

let stack: Stack;
let client: ExternalApiClient;
beforeAll(async () => {
  stack = await startStack({ workerEnv: { EXTERNAL_API_POLL_INITIAL: '0.05', EXTERNAL_API_POLL_MAX: '0.2' } });
  client = new ExternalApiClient(stack.temporal.client);
});
beforeEach(() => stack.fakeProvider.clearFaults());
afterAll(() => stack[Symbol.asyncDispose]());

interface RequestJson {
  request_id: string;
  status: string;
  provider_request_id: string | null;
  cancellation: string | null;
  resolution: Record<string, unknown> | null;
  error: { type: string; message: string } | null;
  waiting_for: { reason: string; until: string | null } | null;
}

interface BulkJson {
  decision: string;
  dry_run: boolean;
  requests: { request_id: string; tenant: string; unknown_since: string; outcome: string; error: object | null }[];
}

async function cli<Json = RequestJson>(args: string[], options: CliOptions = {}) {
  const result = await runCli(args, { ...options, env: { ...stack.clientEnv, ...options.env } });
  return { ...result, json: () => JSON.parse(result.stdout) as Json };
}

let started = 0;

/** A request whose submit was executed and never answered, in the worker's mode `none`. */
async function startUnknown(tenant = 'default'): Promise<string> {
  const idempotencyKey = `lost-${started++}`;
  const requestId = requestIdFor(tenant, idempotencyKey);
  stack.fakeProvider.script({
    endpoint: '/process',
    match: { idempotencyKey: requestId },
    fault: { kind: 'executed-no-answer' },
  });
  await client.process({ data: 'lost', options: { async: true } }, { tenant, idempotencyKey });
  await waitUntil('its outcome is unknown', async () => (await client.status(requestId)).status === 'outcome_unknown');
  return requestId;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Waits until the list, which lags behind, has so many unknown outcomes of a tenant. */
async function listed(tenant: string, count: number): Promise<void> {
  await waitUntil('the list has them', async () => {
    return (await collected(client.list({ status: 'outcome_unknown', tenant }))).length === count;
  });
}

function submits(requestId: string) {
  return callsAbout(stack.fakeProvider, requestId, '/process');
}

test('[N1] status tells of a lost answer and until when a decision is awaited; list finds it', async () => {
  const id = await startUnknown('seeker');
  const status = await cli(['status', id]);
  expect(status.json()).toMatchObject({ status: 'outcome_unknown', waiting_for: { reason: 'outcome_unknown' } });
  expect(Date.parse(status.json().waiting_for?.until ?? '')).toBeGreaterThan(Date.now());
  const text = (await cli(['status', id], { terminal: true })).stdout;
  expect(text).toMatch(
    /outcome_unknown, waits for a callback or a decision \(`external-api resolve`\) \(until .*Z\)\n/,
  );
  await listed('seeker', 1);
  expect((await cli(['list', '--status', 'outcome_unknown', '--tenant', 'seeker'])).stdout).toContain(id);
});

test('[N1] resubmit sends it once more; who and why stay in its state and in its history', async () => {
  const id = await startUnknown();
  expect(submits(id)).toHaveLength(1);
  const resolved = await cli(['resolve', id, 'resubmit', '--by', 'jo', '--reason', 'they never got it']);
  expect(resolved).toMatchObject({ code: 0, stderr: `${id}: resubmit, decided by jo\n` });
  const resolution = { decision: 'resubmit', provider_request_id: null, by: 'jo', reason: 'they never got it' };
  expect(resolved.json()).toMatchObject({ request_id: id, resolution });
  expect((await cli(['result', id])).json()).toMatchObject({ status: 'completed', resolution });
  expect(submits(id)).toHaveLength(2);
  const { events } = await stack.temporal.client.workflow.getHandle(workflowIdOf(id)).fetchHistory();
  const accepted = events?.find((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const args = accepted?.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.args;
  expect(JSON.parse(Buffer.from(args?.payloads?.[0]?.data ?? []).toString())).toMatchObject({
    decision: 'resubmit',
    by: 'jo',
    reason: 'they never got it',
  });
});

test('[N1] adopt waits for the work that the provider has, and sends nothing; by default the user of the shell decides', async () => {
  const id = await startUnknown();
  const jobId = submits(id)[0]?.providerRequestId ?? '';
  const { code, json } = await cli(['resolve', id, 'adopt', '--provider-id', jobId, ...WHY]);
  expect(code).toBe(0);
  expect(json().resolution).toMatchObject({ decision: 'adopt', provider_request_id: jobId, by: userInfo().username });
  expect((await cli(['result', id])).json()).toMatchObject({ status: 'completed', provider_request_id: jobId });
  expect(submits(id)).toHaveLength(1);
});

test('[N1] abandon ends it as failed and unknown, and a terminal is told who decided; a second decision is refused, exit 1', async () => {
  const id = await startUnknown();
  const abandoned = await cli(['resolve', id, 'abandon', '--by', 'jo', '--reason', 'too old'], { terminal: true });
  expect(abandoned.code).toBe(0);
  expect(abandoned.stdout).toMatch(/\n {2}status +failed\n/);
  expect(abandoned.stdout).toMatch(/\n {2}decision +abandon, by jo at .*Z: too old\n/);
  expect(abandoned.stdout).toMatch(/\n {2}error +OutcomeUnknown: Abandoned by jo \(too old\)\. The provider may have/);
  const late = await cli(['resolve', id, 'resubmit', ...WHY]);
  expect(late).toMatchObject({ code: 1, stdout: '' });
  expect(late.stderr).toBe('error: There is nothing to decide: the request has ended\n');
  expect(submits(id)).toHaveLength(1);
});

test('[N1] a decision on a request that is not unknown is refused, exit 1; an unknown id exits 3', async () => {
  stack.fakeProvider.settings.jobDurationMs = 600_000;
  const { requestId } = await client.process({ data: 1, options: { async: true } });
  await waitUntil('the provider has it', async () => (await client.status(requestId)).status === 'processing');
  stack.fakeProvider.settings.jobDurationMs = 0;
  const early = await cli(['resolve', requestId, 'abandon', ...WHY]);
  expect(early).toMatchObject({ code: 1, stdout: '' });
  expect(early.stderr).toBe('error: There is nothing to decide: the request is processing\n');
  await client.cancel(requestId);
  const unknown = await cli(['resolve', UNKNOWN_ID, 'abandon', ...WHY]);
  expect(unknown).toMatchObject({ code: 3, stderr: `error: There is no request ${UNKNOWN_ID}.\n` });
});

test('[N1] an unknown outcome that nobody decides ends as failed and unknown when --unknown-hold is over', async () => {
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const held = await cli(['process', '--data', '1', '--unknown-hold', '300ms', '--wait']);
  expect(held.code).toBe(1);
  expect(held.json()).toMatchObject({ status: 'failed', error: { type: 'OutcomeUnknown' } });
  expect(held.stderr).toContain('Nobody decided within 0.3 s');
});

test('[N1][M8] EXTERNAL_API_UNKNOWN_HOLD is the hold of requests that do not say theirs', async () => {
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const env = { EXTERNAL_API_UNKNOWN_HOLD: '1' };
  const held = await cli(['process', '--data', '1', '--wait'], { env });
  expect(held.stderr).toContain('Nobody decided within 1 s');
});

test('[N1] --idempotency none is allowed to every request, and more than the worker has is refused before it is sent', async () => {
  const mode = (idempotency: string) => cli(['process', '--data', '1', '--wait', '--idempotency', idempotency]);
  expect((await mode('none')).json()).toMatchObject({ status: 'completed' });
  const { code, json } = await mode('resend');
  expect(code).toBe(1);
  expect(json().error?.message).toContain('the worker allows "none" (EXTERNAL_API_IDEMPOTENCY)');
  expect(submits(json().request_id)).toEqual([]);
});

test('[N11] cancel waits for what became of the work, and says it', async () => {
  stack.fakeProvider.settings.jobDurationMs = 600_000;
  const { requestId } = await client.process({ data: 1, options: { async: true } });
  await waitUntil('the provider has it', async () => (await client.status(requestId)).status === 'processing');
  stack.fakeProvider.settings.jobDurationMs = 0;
  const cancelled = await cli(['cancel', requestId]);
  expect(cancelled).toMatchObject({ code: 0, stderr: '' });
  expect(cancelled.json()).toMatchObject({ status: 'cancelled', cancellation: 'no_longer_watched' });
  const text = (await cli(['status', requestId], { terminal: true })).stdout;
  expect(text).toContain('  cancellation  no_longer_watched: the provider could not be told');
  const unknown = await startUnknown();
  expect((await cli(['cancel', unknown])).json()).toMatchObject({ cancellation: 'outcome_unknown' });
});

test('[N1][M6] a result too large to keep is told with the id that finds it at the provider', async () => {
  const result = { processed_data: 'x'.repeat(2 * 1024 * 1024), metadata: {} };
  const body = { success: true, request_id: 'job-large', result };
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'status', code: 200, body } });
  const { code, json, stderr } = await cli(['process', '--data', '1', '--wait']);
  expect(code).toBe(1);
  expect(json()).toMatchObject({
    status: 'failed',
    provider_request_id: 'job-large',
    error: { type: 'ResultTooLargeError' },
  });
  expect(stderr).toContain('Fetch it from the provider by its id job-large');
});

test('[N1] --all is a dry run unless --yes is said, then decides each of a tenant, and leaves younger ones', async () => {
  const ids = [await startUnknown('bulk'), await startUnknown('bulk')];
  const foreign = await startUnknown('bulk-other');
  const all = (...args: string[]) =>
    cli<BulkJson>(['resolve', '--all', 'abandon', '--tenant', 'bulk', ...WHY, ...args]);
  await listed('bulk', 2);
  const dry = await all('--older-than', '1ms');
  expect(dry).toMatchObject({
    code: 0,
    stderr: 'Dry run: nothing was decided. --yes decides these 2 requests.\n',
  });
  expect(dry.json()).toMatchObject({ decision: 'abandon', dry_run: true });
  expect(dry.json().requests.map(({ request_id, outcome }) => [request_id, outcome])).toEqual(
    ids.toReversed().map((id) => [id, 'planned']),
  );
  expect((await client.status(ids[0] ?? '')).status).toBe('outcome_unknown');

  const young = await all('--older-than', '1h', '--yes');
  expect(young).toMatchObject({ code: 0, stderr: '0 decided, 0 refused.\n' });

  const done = await all('--older-than', '1ms', '--yes');
  expect(done).toMatchObject({ code: 0, stderr: '2 decided, 0 refused.\n' });
  expect(done.json()).toMatchObject({ dry_run: false, requests: [{ outcome: 'decided' }, { outcome: 'decided' }] });
  for (const id of ids) {
    await waitUntil('it has ended', async () => (await client.status(id)).status === 'failed');
  }
  expect((await client.status(foreign)).status).toBe('outcome_unknown');
});

test('[N1] at a terminal --all tells each request on a line', async () => {
  const id = await startUnknown('liner');
  const line = ['resolve', '--all', 'resubmit', '--older-than', '1ms', '--tenant', 'liner', ...WHY];
  await listed('liner', 1);
  const { stdout } = await cli(line, { terminal: true });
  expect(stdout).toMatch(new RegExp(`^${id}  liner  unknown since \\S+Z  would resubmit\\n$`));
});

test('[N1] old is what has been unknown for long, not what began long ago', async () => {
  const id = await startUnknown('ageing');
  const { updatedAt } = await client.status(id);
  const since = Date.parse(updatedAt);
  const at = async (now: number): Promise<string[]> => {
    const found = unknownOutcomes(client, { olderThanMs: 600_000, tenant: 'ageing' }, new Date(now));
    return (await collected(found)).map(({ requestId }) => requestId);
  };
  await listed('ageing', 1);
  expect([await at(since + 599_999), await at(since + 600_000)]).toEqual([[], [id]]);
});

test('[N1] a refusal in the midst of --all is told and does not stop the others', async () => {
  const ids = [await startUnknown('midst'), await startUnknown('midst'), await startUnknown('midst')].toReversed();
  /** Somebody else decides the second one just before. */
  class Overtaken extends ExternalApiClient {
    override async resolve(requestId: string, decision: ResolveOptions): Promise<RequestState> {
      if (requestId === ids[1]) await super.resolve(requestId, { decision: 'abandon', by: 'other', reason: 'first' });
      return await super.resolve(requestId, decision);
    }
  }
  const bulk: Bulk = { decision: 'resubmit', by: 'jo', reason: 'all', yes: true, olderThanMs: 0, tenant: 'midst' };
  await listed('midst', 3);
  const entries = await collected(decisions(new Overtaken(stack.temporal.client), bulk, new Date()));
  expect(entries.map(({ requestId, outcome }) => [requestId, outcome])).toEqual([
    [ids[0], 'decided'],
    [ids[1], 'refused'],
    [ids[2], 'decided'],
  ]);
  expect(entries[1]?.error).toMatchObject({ name: 'NothingToDecideError' });
});

test('[N1] without a worker a decision is told as unclear, exit 69, and --all stops at the first; the dry run needs none', async () => {
  const ids = [await startUnknown('alone'), await startUnknown('alone')].toReversed();
  await listed('alone', 2);
  await stack.worker.stop('SIGKILL');
  const line = ['resolve', '--all', 'abandon', '--older-than', '1ms', '--tenant', 'alone', ...WHY];
  const dry = (await cli<BulkJson>(line)).json();
  expect(dry.requests.map(({ request_id, outcome }) => [request_id, outcome])).toEqual(
    ids.map((id) => [id, 'planned']),
  );
  const [one, all] = await Promise.all([
    cli(['resolve', ids[1] ?? '', 'abandon', ...WHY]),
    cli<BulkJson>([...line, '--yes']),
  ]);
  expect(one).toMatchObject({ code: 69, stdout: '' });
  expect(one.stderr).toMatch(/^error: No worker took the decision in time; one that comes back may still take it/);
  expect(all).toMatchObject({ code: 69, stderr: expect.stringContaining('No worker took the decision in time') });
  expect(all.json().requests).toMatchObject([
    { request_id: ids[0], outcome: 'unclear', error: { type: 'TemporalUnavailableError' } },
  ]);
});
