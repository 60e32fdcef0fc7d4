import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from '#scripts/lib/ports.mjs';
import { runCli, startCli, type CliOptions, type CliResult } from '../cli/run-cli.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { azureDocuments } from './contracts-by-url.ts';
import { startProviderStack, type ProviderStack } from './provider-stack.ts';

const PROVIDER = 'azure-document-intelligence';
const DATA = { model: 'prebuilt-layout', urlSource: 'https://a.example/1.pdf' };
let stack: ProviderStack;

beforeAll(async () => {
  stack = await startProviderStack(PROVIDER, { contract: azureDocuments() });
});
afterAll(() => stack[Symbol.asyncDispose]());

/** A command of an operator of that provider. */
function shell(args: string[], env: CliOptions['env'] = {}, terminal = false): Promise<CliResult> {
  return runCli(args, { env: { ...operator(), ...env }, terminal });
}

const operator = (): Record<string, string> => ({
  TEMPORAL_ADDRESS: stack.temporal.address,
  TEMPORAL_NAMESPACE: stack.temporal.namespace,
  EXTERNAL_API_PROVIDER: PROVIDER,
});

const read = async (args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await shell(args)).stdout) as Record<string, unknown>;

test('[N13][C4] a command starts requests of the provider that it is configured for, and shows paths where ids are', async () => {
  stack.provider.work.words = ['notStarted', 'succeeded'];
  const { stdout, code } = await shell(['process', '--data', JSON.stringify(DATA), '--async', '--wait', '--json']);
  expect(code).toBe(0);
  const request = JSON.parse(stdout) as { request_id: string; provider_request_id: string };
  expect(request).toMatchObject({ status: 'completed', provider: PROVIDER });
  expect(`GET ${request.provider_request_id}`).toBe(stack.about()[0]);
  const { stdout: text } = await shell(['status', request.request_id], {}, true);
  expect(text).toMatch(new RegExp(`^  provider +${PROVIDER}$`, 'm'));
  expect(text).toContain(request.provider_request_id);
});

test('[N13][N6] a wait for work with the longest handle is explained in full, and shown in the history', async () => {
  const path = `/analyzeResults/${'x'.repeat(980)}`;
  stack.provider.instead(/^POST/, { status: 202, headers: { 'operation-location': stack.provider.url + path } });
  stack.provider.instead(/^GET .*x{980}/, { body: { status: 'running' }, headers: { 'retry-after': '600' } });
  const { requestId, status } = await stack.submit(DATA, ['notStarted']);
  await waitUntil('it waits', async () => (await status()).waitingFor?.until);
  const why = await read(['why', requestId, '--json']);
  expect(why['sentence']).toMatch(
    new RegExp(`waits for the provider, which has had it as ${path} for .* asked again at`),
  );
  const { stdout } = await shell(['why', requestId], {}, true);
  expect(stdout).toContain('x'.repeat(100));
  expect(await stack.history(requestId)).toContain(`Ask about ${path.slice(0, 100)}…`);
});

test('[N13][C4] a list tells providers apart, shows one alone, and counts by them', async () => {
  const { requestId, result } = await stack.submit(DATA, ['notStarted', 'succeeded']);
  await result();
  const ids = async (...args: string[]): Promise<string[]> => {
    const { requests } = (await read(['list', ...args, '--json'])) as { requests: { request_id: string }[] };
    return requests.map(({ request_id: id }) => id);
  };
  await expect.poll(() => ids('--provider', PROVIDER), { timeout: 10_000 }).toContain(requestId);
  expect(await ids('--provider', 'replicate')).toEqual([]);
  expect(await ids('--provider', 'data-processing-v2.1')).toEqual([]);
  const { stdout } = await shell(['list', '--long'], {}, true);
  expect(stdout).toMatch(/^REQUEST +STATUS +TENANT +PROVIDER +/);
  expect(stdout).toMatch(new RegExp(`^${requestId} +completed +default +${PROVIDER} `, 'm'));
  expect((await shell(['list', '--count-by', 'provider'], {}, true)).stdout).toMatch(
    new RegExp(`^COUNT  PROVIDER\\n\\d+ +${PROVIDER}\\n$`),
  );
});

test('[N13][N6] where no worker says the budget, the workers of its own provider are asked for', async () => {
  const env = { EXTERNAL_API_WORKER_URL: 'http://127.0.0.1:1' };
  expect((await shell(['budget'], env)).stderr).toContain('Temporal has heard of one');
  expect((await shell(['budget'], { ...env, EXTERNAL_API_PROVIDER: 'replicate' })).stderr).toContain(
    'none has asked Temporal for work for five minutes',
  );
});

test('[N13][N6] a request of a provider that nobody works for says so, and waits', async () => {
  const other = { EXTERNAL_API_PROVIDER: 'replicate' };
  const calls = stack.provider.ledger.length;
  const { stdout } = await shell(['process', '--data', '{"version":"1","input":{}}', '--json'], other);
  const { request_id: id } = JSON.parse(stdout) as { request_id: string };
  expect((await shell(['why', id, '--json'], other)).stdout).toContain('waits for a worker of the provider replicate');
  expect(stack.provider.ledger).toHaveLength(calls);
});

test('[N13][M8] a profile that cannot be used ends a command with what is wrong', async () => {
  const { code, stderr } = await shell(['list'], { EXTERNAL_API_PROVIDER: 'replicat' });
  expect({ code, stderr }).toMatchObject({
    code: 78,
    stderr: expect.stringMatching(/EXTERNAL_API_PROVIDER names no usable profile.*did you mean replicate/s),
  });
});

test('[N13][M19] a gateway starts requests of the provider that it is configured for', async () => {
  const port = await freePort();
  const gateway = startCli(['gateway'], { env: { ...operator(), GATEWAY_PORT: `${port}`, LOG_LEVEL: 'silent' } });
  onTestFinished(async () => {
    gateway.interrupt();
    await gateway.result;
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil('the gateway listens', async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok);
  stack.provider.work.words = ['notStarted', 'succeeded'];
  const response = await fetch(`${url}/api/external/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data: DATA }),
  });
  expect(await response.json()).toMatchObject({ result: { processed_data: { content: 'Invoice 7' } } });
});
