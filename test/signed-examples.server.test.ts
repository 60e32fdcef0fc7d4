import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { ExternalApiClient } from '../src/client/index.ts';
import { workflowIdOf } from '../src/contract/names.ts';
import { connectToTemporal, type TestTemporal } from './helpers/temporal.ts';
import { waitUntil } from './helpers/wait-until.ts';
import { createKeyPair, tokenProblem } from './providers/key-pair.ts';
import {
  json,
  startScriptedProvider,
  type Answer,
  type Contract,
  type ScriptedCall,
} from './providers/scripted-provider.ts';
import { sigV4Problem } from './providers/sigv4.ts';

// The profiles leave some seconds between two polls.
vi.setConfig({ testTimeout: 120_000 });

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectToTemporal();
});
afterAll(() => temporal.close());

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Runs an example as a user does, until the test is over. */
function run(example: string, profile: string, baseUrl: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [path(`dist/examples/${example}.js`)], {
    env: {
      PATH: process.env['PATH'],
      EXTERNAL_API_PROVIDER: path(`examples/${profile}.yaml`),
      EXTERNAL_API_BASE_URL: baseUrl,
      EXTERNAL_API_RETRY_DELAY: '0.05',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      expect(child.exitCode).toBe(0);
    },
  };
}

async function historyOf(requestId: string): Promise<string> {
  const history = await temporal.client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  return JSON.stringify(history, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
}

const AWS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'canary/secret+key',
  region: 'eu-west-1',
  service: 'textract',
};
const AWS_ENV = {
  AWS_REGION: AWS.region,
  AWS_ACCESS_KEY_ID: AWS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: AWS.secretAccessKey,
  AWS_SESSION_TOKEN: 'canary-session-token',
};
const DOCUMENT = { DocumentLocation: { S3Object: { Bucket: 'b', Name: 'ü.pdf' } } };

/** Amazon Textract, which does the work of one ClientRequestToken once. */
function textract(): Contract {
  const jobs = new Map<string, number>();
  return (call): Answer => {
    const problem = sigV4Problem(call, AWS, Date.now());
    const said = `${problem}; got ${String(call.headers.authorization)} ${String(call.headers['x-amz-security-token'])}`;
    if (problem !== null) return { status: 403, body: { __type: 'InvalidSignatureException', Message: said } };
    if (call.headers['content-type'] !== 'application/x-amz-json-1.1')
      return { status: 404, body: { __type: 'UnknownOperationException' } };
    if (call.headers['x-amz-target'] === 'Textract.StartDocumentTextDetection') {
      const id = `job-of-${String(json(call)['ClientRequestToken'])}`;
      jobs.set(id, 0);
      return { body: { JobId: id } };
    }
    const id = String(json(call)['JobId']);
    const polls = (jobs.get(id) ?? 0) + 1;
    jobs.set(id, polls);
    if (polls === 1) return { status: 400, body: { __type: 'ThrottlingException', Message: 'Rate exceeded' } };
    return {
      body: polls === 2 ? { JobStatus: 'IN_PROGRESS' } : { JobStatus: 'SUCCEEDED', Blocks: [{ Text: 'hello' }] },
    };
  };
}

const targets = (ledger: readonly ScriptedCall[]): unknown[] =>
  ledger.map(({ headers }) => String(headers['x-amz-target']).replace(/Textract\.|DocumentTextDetection/g, ''));

test('[N13][N1] the example that signs with SigV4: every call is accepted, a lost submit is sent again with a signature of its own', async () => {
  await using provider = await startScriptedProvider(textract());
  provider.lose(/^POST/);
  const worker = run('sigv4-worker', 'textract', provider.url, AWS_ENV);
  const client = new ExternalApiClient(temporal.client, { provider: 'textract' });
  const request = await client.process({ data: DOCUMENT, options: { async: true } });
  const { result } = await request.result();
  expect(result.processedData).toMatchObject({ Blocks: [{ Text: 'hello' }] });
  expect(targets(provider.ledger)).toEqual(['Start', 'Start', 'Get', 'Get', 'Get']);
  const [lost, again] = provider.ledger;
  expect([json(lost!), json(again!)]).toEqual(
    [0, 1].map(() => ({ ...DOCUMENT, ClientRequestToken: request.requestId })),
  );
  for (const { headers } of provider.ledger) expect(headers['x-amz-security-token']).toBe('canary-session-token');
  await worker.stop();
});

test('[N13][N7] a key that the provider does not know: the request fails, and what was signed is nowhere', async () => {
  await using provider = await startScriptedProvider(textract());
  const worker = run('sigv4-worker', 'textract', provider.url, {
    ...AWS_ENV,
    AWS_SECRET_ACCESS_KEY: 'canary-other-key',
  });
  const client = new ExternalApiClient(temporal.client, { provider: 'textract' });
  const request = await client.process({ data: DOCUMENT, options: { async: true } });
  const failed = await waitUntil('it failed', async () => {
    const snapshot = await request.status();
    return snapshot.status === 'failed' && snapshot;
  });
  expect(failed.error).toMatchObject({ failure: 'forbidden', statusCode: 403 });
  expect(failed.error?.message).toMatch(/wrong signature; got .*\[redacted\].*\[redacted\]/);
  const told = JSON.stringify(failed) + (await historyOf(request.requestId));
  const signature = /Signature=(\w+)/.exec(provider.ledger[0]?.headers.authorization ?? '')?.[1] ?? 'none';
  for (const secret of [signature, AWS.accessKeyId, 'canary']) expect(told).not.toContain(secret);
  expect(provider.ledger).toHaveLength(1);
  await worker.stop();
});

test('[N13] the example with a key pair: one token, which the public key verifies, serves all calls', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'key-pair-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { publicKey, pem } = createKeyPair();
  await writeFile(join(folder, 'key.p8'), pem);
  let polls = 0;
  await using provider = await startScriptedProvider((call) => {
    const problem = tokenProblem(call.headers.authorization, { subject: 'ACME.LOADER', publicKey }, Date.now());
    if (problem !== null) return { status: 401, body: { message: problem } };
    const statementHandle = '01b0-5';
    if (call.method === 'POST') return { status: 202, body: { statementHandle } };
    return { status: ++polls % 2 === 1 ? 202 : 200, body: { statementHandle, data: [['1']] } };
  });
  const worker = run('key-pair-jwt-worker', 'snowflake-key-pair', provider.url, {
    SNOWFLAKE_ACCOUNT: 'acme',
    SNOWFLAKE_USER: 'loader',
    SNOWFLAKE_PRIVATE_KEY_FILE: join(folder, 'key.p8'),
  });
  const client = new ExternalApiClient(temporal.client, { provider: 'snowflake-key-pair' });
  for (let n = 0; n < 2; n++) {
    const { result } = await (
      await client.process({ data: { statement: `select ${n}` }, options: { async: true } })
    ).result();
    expect(result.processedData).toMatchObject({ data: [['1']] });
  }
  expect(provider.ledger).toHaveLength(6);
  expect(new Set(provider.ledger.map(({ headers }) => headers.authorization)).size).toBe(1);
  for (const { headers } of provider.ledger)
    expect(headers['x-snowflake-authorization-token-type']).toBe('KEYPAIR_JWT');
  await worker.stop();
});
