import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExternalAPIError } from '../../src/client/index.ts';
import { KEY } from './contracts-by-id.ts';
import { adobePdf, adobeTokens, azureDocuments, CLIENT_ID, CLIENT_SECRET, fal, monitor } from './contracts-by-url.ts';
import { startElsewhere, type Elsewhere } from './elsewhere.ts';
import { editedProfile, profileFile, SECRETS, startProviderStack, type ProviderStack } from './provider-stack.ts';
import { startScriptedProvider, type ScriptedProvider } from './scripted-provider.ts';

const WHO = { by: 'ann', reason: 'looked at the provider' };

describe('Azure: 202 without a body, and the URL in a header', () => {
  let stack: ProviderStack;
  beforeAll(async () => {
    stack = await startProviderStack('azure-document-intelligence', { contract: azureDocuments() });
  });
  afterAll(() => stack[Symbol.asyncDispose]());
  const DATA = { model: 'prebuilt-layout', urlSource: 'https://a.example/1.pdf' };
  const PATH =
    /^\/documentintelligence\/documentModels\/prebuilt-layout\/analyzeResults\/[\w-]+\?api-version=2024-11-30$/;

  test('[N13][M1][M3] the path of that URL is the handle, and is asked for as it is', async () => {
    const handle = await stack.submit(DATA, ['notStarted', 'running', 'succeeded']);
    const { providerRequestId, result } = await handle.result();
    expect(result.processedData).toEqual({ content: 'Invoice 7' });
    expect(providerRequestId).toMatch(PATH);
    expect(stack.about()).toEqual([`GET ${providerRequestId}`, `GET ${providerRequestId}`]);
    for (const { headers } of stack.provider.ledger) expect(headers['ocp-apim-subscription-key']).toBe(KEY);
    expect(JSON.parse(stack.provider.ledger[0]!.body)).toEqual({ urlSource: DATA.urlSource });
  });

  test('[N13][M6] analysis failed, in its words', async () => {
    const handle = await stack.submit(DATA, ['notStarted', 'failed']);
    await expect(handle.result()).rejects.toThrow('as failed: The file is corrupted.');
  });

  test('[N13][N4][N8] a path that a callback names is not asked for: the question stays open; a person may name it', async () => {
    stack.provider.lose(/^POST/);
    const handle = await stack.submit(DATA, ['notStarted', 'succeeded']);
    await stack.until(handle, 'outcome_unknown');
    const calls = stack.provider.ledger.length;
    const { id } = stack.provider.work.jobs.at(-1)!;
    const path = `/documentintelligence/documentModels/prebuilt-layout/analyzeResults/${id}?api-version=2024-11-30`;
    await stack.callback(handle.requestId, path);
    await expect.poll(() => stack.history(handle.requestId), { timeout: 10_000 }).toContain('callbackReceived');
    await stack.until(handle, 'outcome_unknown');
    expect(stack.provider.ledger).toHaveLength(calls);
    await handle.resolve({ decision: 'adopt', providerRequestId: stack.provider.url + path, ...WHO });
    expect((await handle.result()).result.processedData).toEqual({ content: 'Invoice 7' });
    expect(stack.provider.ledger.at(-1)!.path).toBe(path);
  });

  test('[N13][N8] what a person adopts leads to the provider, or nowhere: the question stays open', async () => {
    stack.provider.lose(/^POST/);
    const handle = await stack.submit(DATA, ['notStarted', 'succeeded']);
    await stack.until(handle, 'outcome_unknown');
    const calls = stack.provider.ledger.length;
    await handle.resolve({ decision: 'adopt', providerRequestId: 'https://evil.example/analyzeResults/1', ...WHO });
    await expect
      .poll(() => stack.history(handle.requestId), { timeout: 10_000 })
      .toContain('leads to https://evil.example');
    expect(await stack.until(handle, 'outcome_unknown')).toMatchObject({ status: 'outcome_unknown' });
    expect(stack.provider.ledger).toHaveLength(calls);
  });

  test('[N13][C5] so long a handle fits where it is shown', async () => {
    stack.provider.instead(/^POST/, {
      status: 202,
      headers: { 'operation-location': `${stack.provider.url}/analyzeResults/${'x'.repeat(900)}` },
    });
    const handle = await stack.submit(DATA, ['notStarted']);
    const asked = new RegExp(`^GET /analyzeResults/x{900}$`);
    await expect.poll(() => stack.provider.calls(asked).length, { timeout: 10_000 }).toBeGreaterThan(0);
    const { providerRequestId } = await handle.status();
    expect(providerRequestId).toHaveLength(916);
  });
});

describe('Azure behind a gateway', () => {
  const RESOURCE = 'https://docs-7.cognitiveservices.azure.com';
  const DATA = { model: 'prebuilt-read', urlSource: 'https://a.example/1.pdf' };

  test('[N13][N8] a URL of a host that the profile does not know is not asked: the outcome is unknown, and says where it leads', async () => {
    await using stack = await startProviderStack('azure-document-intelligence', {
      contract: azureDocuments(RESOURCE),
      path: '/gateway',
    });
    const handle = await stack.submit(DATA, ['notStarted', 'succeeded']);
    const { error } = await stack.until(handle, 'outcome_unknown');
    expect(error?.message).toContain(`leads to ${RESOURCE}, and only ${stack.provider.url} gets credentials`);
    expect(stack.provider.ledger).toHaveLength(1);
  });

  test('[N13][N8] with the resource as its own base URL, all calls go through the gateway', async () => {
    const file = await editedProfile('azure-document-intelligence', (yaml) =>
      yaml.replace(/^name: .*$/m, `$&\nbaseUrl: ${RESOURCE}`),
    );
    await using stack = await startProviderStack(file, { contract: azureDocuments(RESOURCE), path: '/gateway' });
    const handle = await stack.submit(DATA, ['notStarted', 'running', 'succeeded']);
    expect((await handle.result()).result.processedData).toEqual({ content: 'Invoice 7' });
    const paths = stack.provider.ledger.map(({ path }) => path);
    expect(paths).toHaveLength(3);
    for (const path of paths) expect(path).toMatch(/^\/gateway\/documentintelligence\//);
  });
});

describe('Adobe: a token of another origin, 201 with Location, and a signed URL', () => {
  let stack: ProviderStack;
  let tokens: ScriptedProvider;
  let elsewhere: Elsewhere;
  beforeAll(async () => {
    elsewhere = await startElsewhere('dc-prod.s3-accelerate.amazonaws.com');
    tokens = await startScriptedProvider(adobeTokens);
    stack = await startProviderStack('adobe-pdf-services', {
      contract: adobePdf,
      env: { ...elsewhere.env, EXTERNAL_OAUTH_TOKEN_URL: `${tokens.url}/ims/token/v3` },
    });
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
    await elsewhere[Symbol.asyncDispose]();
  });
  const DATA = { assetID: 'urn:aaid:AS:UE1:1', elementsToExtract: ['text'] };

  test('[N13][M2][N8] each credential goes to its own origin, and none to where the result is', async () => {
    elsewhere.answer = { headers: { 'content-type': 'application/json' }, body: { elements: [{ Text: 'Invoice 7' }] } };
    const handle = await stack.submit(DATA, ['in progress', 'in progress', 'done']);
    expect((await handle.result()).result.processedData).toEqual({ elements: [{ Text: 'Invoice 7' }] });
    expect(tokens.ledger).toHaveLength(1);
    expect(new URLSearchParams(tokens.ledger[0]!.body).get('scope')).toBe('openid,AdobeID,DCAPI');
    expect(stack.provider.ledger.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'POST 201',
      'GET 200',
      'GET 200',
    ]);
    for (const { headers, body } of stack.provider.ledger) {
      expect(headers).toMatchObject({ authorization: 'Bearer token-canary-4', 'x-api-key': CLIENT_ID });
      expect(JSON.stringify(headers) + body).not.toContain(CLIENT_SECRET);
    }
    for (const secret of [...SECRETS, 'token-canary-4'])
      expect(JSON.stringify(elsewhere.store.ledger)).not.toContain(secret);
    expect(await stack.history(handle.requestId)).not.toContain('X-Amz-Signature');
  });

  test('[N13][M5] a 401 of where the result is says nothing of our token, and the next poll gets another link', async () => {
    const before = tokens.ledger.length;
    elsewhere.store.instead(/^GET/, { status: 401, body: '' });
    const handle = await stack.submit(DATA, ['in progress', 'done']);
    expect((await handle.result()).status).toBe('completed');
    expect(tokens.ledger).toHaveLength(before);
  });

  test('[N13][M6] what failed there says why', async () => {
    const handle = await stack.submit(DATA, ['in progress', 'failed']);
    await expect(handle.result()).rejects.toThrow('as failed: File is encrypted');
  });
});

describe('fal: the failure of the work is the answer to the call for its result', () => {
  let stack: ProviderStack;
  beforeAll(async () => {
    stack = await startProviderStack(profileFile('fal'), { contract: fal });
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  test('[N13][M3] it is asked at its status URL, and fetched from its response URL', async () => {
    const handle = await stack.submit({ prompt: 'a fox' }, ['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']);
    expect((await handle.result()).result.processedData).toMatchObject({ images: [{}] });
    const { id } = stack.provider.work.jobs[0]!;
    const path = `/fal-ai/flux/requests/${id}`;
    expect(stack.about()).toEqual([`GET ${path}/status`, `GET ${path}/status`, `GET ${path}`]);
    for (const { headers } of stack.provider.ledger) expect(headers.authorization).toBe(`Key ${KEY}`);
  });

  test('[N13][M6] a 422 there is the word of the provider on this work, and final', async () => {
    const handle = await stack.submit({ prompt: 'forbidden' }, ['IN_QUEUE', 'COMPLETED']);
    const failure = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExternalAPIError);
    expect(failure).toMatchObject({
      failure: 'reportedFailure',
      message: expect.stringContaining('Content policy violation'),
      retryable: false,
    });
    expect(stack.about()).toHaveLength(2);
  });

  test('[N13][M3] a result that is being made, or that has a 5xx, is asked for again', async () => {
    stack.provider.instead(/^GET .*\/requests\/[\w-]+$/, { status: 202 });
    stack.provider.instead(/^GET .*\/requests\/[\w-]+$/, { status: 502, body: 'bad gateway' });
    const handle = await stack.submit({ prompt: 'a fox' }, ['IN_QUEUE', 'COMPLETED']);
    expect((await handle.result()).status).toBe('completed');
  });
});

test('[N13][M3] a monitor that answers 303 is done, and nobody follows it unseen: the result is one more GET, with the key', async () => {
  await using stack = await startProviderStack(profileFile('monitor'), { contract: monitor, path: '/v1' });
  const handle = await stack.submit({ table: 't' }, ['running', 'running', 'done']);
  expect((await handle.result()).result.processedData).toEqual({ rows: 3 });
  expect(stack.provider.ledger.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([
    'POST /v1/exports 202',
    'GET /v1/monitors/m1 200',
    'GET /v1/monitors/m1 303',
    'GET /v1/exports/m1 200',
  ]);
  for (const { headers } of stack.provider.ledger) expect(headers['x-api-key']).toBe(KEY);
});
