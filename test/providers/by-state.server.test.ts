import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databricks, shopify, snowflake } from './contracts-by-state.ts';
import { KEY } from './contracts-by-id.ts';
import { startElsewhere, type Elsewhere } from './elsewhere.ts';
import { SECRETS, startProviderStack, type ProviderStack } from './provider-stack.ts';
import { json } from './scripted-provider.ts';

describe('Databricks: two words in turn, ids beyond 2^53, and a cancel that is asynchronous', () => {
  let stack: ProviderStack;
  beforeAll(async () => {
    stack = await startProviderStack('databricks-runs', { contract: databricks });
  });
  afterAll(() => stack[Symbol.asyncDispose]());
  const DATA = { job_id: 11223344 };
  const POLL = /^GET .*run_id=/;

  test('[N13][M3] the life cycle says that it runs, the result how it ended', async () => {
    const handle = await stack.submit(DATA, ['PENDING', 'RUNNING', 'TERMINATING', 'TERMINATED SUCCESS']);
    const { result } = await handle.result();
    expect(result.processedData).toMatchObject({ state: { result_state: 'SUCCESS' } });
    expect(stack.about()).toHaveLength(3);
    expect(json(stack.provider.calls(/run-now/)[0]!)).toEqual({ ...DATA, idempotency_token: handle.requestId });
  });

  test('[N13][M6] a run that failed says why', async () => {
    const handle = await stack.submit(DATA, ['PENDING', 'TERMINATED FAILED']);
    await expect(handle.result()).rejects.toThrow('Task etl failed');
  });

  test('[N13][N11] a cancel that is answered with {} has only asked', async () => {
    const handle = await stack.submit(DATA, ['PENDING', 'RUNNING']);
    await stack.cancelsThere(handle);
    const after = stack.provider.ledger.slice(stack.provider.ledger.findIndex(({ path }) => path.endsWith('/cancel')));
    expect(after.filter(({ method }) => method === 'GET').length).toBeGreaterThan(1);
    expect(after.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('[N13][N1] an id that JSON cannot keep is none: nobody asks for a rounded one, and a person adopts the true one', async () => {
    const ID = '9007199254740993';
    stack.provider.work.nextId = ID;
    const handle = await stack.submit(DATA, ['PENDING', 'TERMINATED SUCCESS']);
    const { error } = await stack.until(handle, 'outcome_unknown');
    expect(error?.message).toContain('no id at /run_id');
    expect(stack.provider.calls(/run_id=9/)).toEqual([]);
    await handle.resolve({ decision: 'adopt', providerRequestId: ID, by: 'ann', reason: 'seen in the workspace' });
    expect(await handle.result()).toMatchObject({ providerRequestId: ID });
    expect(stack.provider.calls(POLL).at(-1)!.path).toBe(`/api/2.2/jobs/runs/get?run_id=${ID}`);
  });
});

describe('Snowflake: the status of the answer is the state', () => {
  let stack: ProviderStack;
  beforeAll(async () => {
    stack = await startProviderStack('snowflake-sql', { contract: snowflake });
  });
  afterAll(() => stack[Symbol.asyncDispose]());
  const DATA = { statement: 'select 1' };

  test('[N13][N1] 202, and then 200 with the rows; its request has a UUID of ours, another for each', async () => {
    for (let n = 0; n < 2; n++) {
      const handle = await stack.submit(DATA, ['202', '202', '200']);
      expect((await handle.result()).result.processedData).toMatchObject({ data: [['1', 'a']] });
    }
    const uuids = stack.provider.calls(/requestId=/).map(({ path }) => path.split('requestId=')[1]);
    expect(new Set(uuids).size).toBe(2);
  });

  test('[N13][M6] 422 is a statement that failed', async () => {
    const handle = await stack.submit(DATA, ['202', '422']);
    await expect(handle.result()).rejects.toThrow("Object 'T' does not exist");
  });

  test('[N13][M5] 429 waits, and 503 is tried again', async () => {
    stack.provider.instead(/^GET/, { status: 503, body: { message: 'down' } });
    stack.provider.instead(/^GET/, { status: 429, headers: { 'retry-after': '1' } });
    const handle = await stack.submit(DATA, ['202', '202', '200']);
    expect((await handle.result()).status).toBe('completed');
  });

  test('[N13][N11] a cancelled statement is asked about until it has stopped', async () => {
    const handle = await stack.submit(DATA, ['202', '202']);
    await stack.cancelsThere(handle);
  });
});

describe('Shopify: errors in a 200, and the result behind a signed URL elsewhere', () => {
  const HOST = 'storage.googleapis.com';
  const LINES = '{"id":"gid://shopify/Product/1"}\n';
  const DATA = { query: '{ products { edges { node { id } } } }' };
  let stack: ProviderStack;
  let elsewhere: Elsewhere;
  beforeAll(async () => {
    elsewhere = await startElsewhere(HOST);
    stack = await startProviderStack('shopify-bulk', { contract: shopify, env: elsewhere.env });
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await elsewhere[Symbol.asyncDispose]();
  });
  const operations = (): string[] =>
    stack.provider.ledger.map(({ body }) => /bulkOperation\w+|node/.exec(body)?.[0] ?? body);

  test('[N13][N8] the lines are fetched without any credential, and their link is in no history', async () => {
    elsewhere.answer = { body: LINES };
    const handle = await stack.submit(DATA, ['CREATED', 'RUNNING', 'COMPLETED']);
    expect((await handle.result()).result.processedData).toBe(LINES);
    expect(operations()).toEqual(['bulkOperationRunQuery', 'node', 'node']);
    expect(elsewhere.store.ledger.map(({ path }) => path)).toEqual([expect.stringContaining('Signature=s1')]);
    const [{ headers }] = elsewhere.store.ledger as [(typeof elsewhere.store.ledger)[number]];
    expect(Object.keys(headers).toSorted()).toEqual(['accept', 'accept-encoding', 'connection', 'host']);
    expect(headers.host).toBe(HOST);
    expect(elsewhere.store.ledger.map(({ certificate }) => certificate)).toEqual([null]);
    for (const secret of SECRETS) expect(JSON.stringify(elsewhere.store.ledger)).not.toContain(secret);
    expect(await stack.history(handle.requestId)).not.toContain('Signature=');
    for (const call of stack.provider.ledger) expect(call.headers['x-shopify-access-token']).toBe(KEY);
  });

  test('[N13][M3] an expired link is no end: the next poll gets another', async () => {
    elsewhere.store.instead(/^GET/, { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' });
    elsewhere.store.instead(/^GET/, { status: 404, body: '{"error": {"message": "gone"}}' });
    elsewhere.answer = { body: LINES };
    const before = elsewhere.store.ledger.length;
    const handle = await stack.submit(DATA, ['CREATED', 'COMPLETED']);
    expect((await handle.result()).status).toBe('completed');
    const paths = elsewhere.store.ledger.slice(before).map(({ path }) => path);
    expect(new Set(paths).size).toBe(3);
    expect(stack.calls.filter(({ failure }) => failure === 'linkExpired')).toHaveLength(2);
  });

  test('[N13][M3] links that never work end the request after its tries, with the id, and retry goes on asking', async () => {
    elsewhere.answer = { status: 404, body: '{"error": {"message": "gone"}}' };
    const handle = await stack.submit(DATA, ['CREATED', 'COMPLETED']);
    await expect(handle.result()).rejects.toMatchObject({ failure: 'linkExpired', statusCode: 404, retryable: false });
    expect((await handle.why()).sentence).toContain('and has given no result: `external-api retry');
    elsewhere.answer = { body: LINES };
    const again = await handle.retry();
    expect(again.adopted).toBe(stack.provider.work.jobs.at(-1)!.id);
    expect((await again.result()).result.processedData).toBe(LINES);
  });

  test('[N13][N8] a result at an origin that is not listed is refused, and nothing goes there', async () => {
    const before = elsewhere.proxy.asked.length;
    const handle = await stack.submit(DATA, ['CREATED', 'RUNNING']);
    await stack.polled();
    for (let n = 0; n < 3; n++) {
      stack.provider.instead(/./, {
        body: { data: { node: { status: 'COMPLETED', url: `https://${HOST}.evil.example/x?Signature=s` } } },
      });
    }
    await expect(handle.result()).rejects.toThrow(`leads to https://${HOST}.evil.example`);
    expect(elsewhere.proxy.asked.slice(before).filter((host) => host.includes('evil'))).toEqual([]);
    stack.provider.work.jobs.at(-1)!.become('COMPLETED');
  });

  test('[N13][M5] THROTTLED in a 200 did nothing: it waits, and goes again', async () => {
    elsewhere.answer = { body: LINES };
    stack.provider.instead(/./, {
      body: { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] },
    });
    const jobs = stack.provider.work.jobs.length;
    const handle = await stack.submit(DATA, ['CREATED', 'COMPLETED']);
    expect((await handle.result()).status).toBe('completed');
    expect(stack.provider.work.jobs).toHaveLength(jobs + 1);
  });

  test('[N13][M6] an error of the mutation is final, in its words, though it came with 200', async () => {
    stack.provider.instead(/./, {
      body: {
        data: { bulkOperationRunQuery: { bulkOperation: null, userErrors: [{ message: 'Invalid bulk query' }] } },
      },
    });
    const handle = await stack.submit(DATA, ['CREATED']);
    await expect(handle.result()).rejects.toThrow('Invalid bulk query');
  });

  test('[N13][N11] a cancel is asked for, and polled to its end', async () => {
    const handle = await stack.submit(DATA, ['CREATED', 'RUNNING']);
    await stack.cancelsThere(handle);
    expect(operations().filter((one) => one === 'bulkOperationCancel')).toHaveLength(1);
  });
});

test('[N13][N8] a result is fetched from no private address, whatever name it has', async () => {
  await using stack = await startProviderStack('shopify-bulk', {
    contract: shopify,
    provider: { lookup: async () => [{ address: '127.0.0.1', family: 4 }] },
  });
  const handle = await stack.submit({ query: '{ shop { id } }' }, ['CREATED', 'COMPLETED']);
  await expect(handle.result()).rejects.toThrow(
    'https://storage.googleapis.com is not at a public address: nothing was sent',
  );
});
