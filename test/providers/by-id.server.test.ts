import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  APIAuthenticationError,
  ExternalAPIError,
  RequestCancelledError,
  type RequestHandle,
} from '../../src/client/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import {
  anthropicBatches,
  assemblyai,
  cloudconvert,
  googleOperations,
  KEY,
  replicate,
  RESULTS,
} from './contracts-by-id.ts';
import type { Job } from './work.ts';
import { startProviderStack, type ProviderStack } from './provider-stack.ts';

let stack: ProviderStack;
const start = (profile: string, options: Parameters<typeof startProviderStack>[1]) => async (): Promise<void> => {
  stack = await startProviderStack(profile, options);
};
const end = async (): Promise<void> => await stack[Symbol.asyncDispose]();

const about = (): string[] => stack.about();

/** The job of a request that is not polled again in the time of a test. */
async function rests({ status }: RequestHandle): Promise<Job> {
  const job = await stack.polled();
  stack.provider.instead(new RegExp(`^GET .*${job.id}$`), {
    body: { status: 'processing' },
    headers: { 'retry-after': '600' },
  });
  const soon = Date.now() + 60_000;
  await waitUntil('it rests', async () => Date.parse((await status()).waitingFor?.until ?? '') > soon);
  return job;
}

const LINKS = {
  PUBLIC_BASE_URL: 'https://gateway.example/jobs',
  EXTERNAL_API_CALLBACK_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
};

describe('Replicate: one resource for every call', () => {
  beforeAll(start('replicate', { contract: replicate, path: '/v1', env: LINKS }));
  afterAll(end);
  const DATA = { version: '5c7d5dc6', input: { prompt: 'a film' } };

  test('[N13][M1][M3] submitted once, asked until it is done, with the key on every call', async () => {
    const handle = await stack.submit(DATA, ['starting', 'processing', 'succeeded']);
    const { id } = (await handle.result(), stack.provider.work.jobs.at(-1)!);
    expect(await handle.status()).toMatchObject({
      status: 'completed',
      provider: 'replicate',
      providerRequestId: id,
      result: { processedData: [`https://replicate.delivery/${id}.png`] },
    });
    expect(about()).toEqual([`GET /v1/predictions/${id}`, `GET /v1/predictions/${id}`]);
    expect(stack.provider.calls(/^POST/)).toHaveLength(1);
    for (const { headers } of stack.provider.ledger) expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.parse(stack.provider.ledger[0]!.body)).toMatchObject(DATA);
  });

  test('[N13][M4] an answer at once needs no poll', async () => {
    const handle = await stack.submit(DATA, ['succeeded']);
    expect((await handle.result()).result.processedData).toHaveLength(1);
    expect(about()).toEqual([]);
  });

  test('[N13][N10] a word that the profile does not have keeps waiting, and is told', async () => {
    const handle = await stack.submit(DATA, ['starting', 'Booting', 'booting', 'succeeded']);
    await handle.result();
    expect(about()).toHaveLength(3);
    expect(stack.unknown).toContain('Booting');
  });

  test("[N13][M6] work that failed says so in the provider's own words", async () => {
    const handle = await stack.submit(DATA, ['starting', 'failed']);
    await expect(handle.result()).rejects.toThrow('The provider reports the work as failed: CUDA out of memory');
    expect(await handle.status()).toMatchObject({ status: 'failed', error: { retryable: false } });
  });

  test('[N13][N11] a cancel is answered with the work: cancelled there, or finished before', async () => {
    const running = await stack.submit(DATA, ['starting', 'processing']);
    await stack.cancelsThere(running);
    expect(about().filter((call) => call.startsWith('POST'))).toHaveLength(1);

    const late = await stack.submit(DATA, ['starting', 'processing']);
    (await rests(late)).become('succeeded');
    await late.cancel();
    expect(await late.result()).toMatchObject({ status: 'completed', cancellation: 'finished_anyway' });
  });

  test('[N13][N4] a callback is a hint: it causes one poll, and its URL went out with the submit', async () => {
    const handle = await stack.submit(DATA, ['starting', 'processing'], { callbackUrl: 'https://caller.example/' });
    const job = await rests(handle);
    const polls = about().length;
    const webhook = expect.stringMatching(`^https://gateway.example/jobs/callbacks/k1.${handle.requestId}.[\\w-]{43}$`);
    expect(job.input).toMatchObject({ webhook, webhook_events_filter: ['completed'] });
    job.become('succeeded');
    await stack.callback(handle.requestId);
    expect((await handle.result()).status).toBe('completed');
    expect(about()).toHaveLength(polls + 1);
  });

  test('[N13][N1] a lost answer is unknown and never sent again: a callback names the id, and a person says that it is the work', async () => {
    stack.provider.lose(/^POST/);
    const submits = stack.provider.calls(/^POST \/v1\/predictions$/).length;
    const handle = await stack.submit(DATA, ['starting', 'succeeded']);
    await stack.until(handle, 'outcome_unknown');
    const { id: providerRequestId } = stack.provider.work.jobs.at(-1)!;
    await stack.callback(handle.requestId, providerRequestId);
    await expect.poll(async () => (await handle.status()).hintedId, { timeout: 10_000 }).toBe(providerRequestId);
    await handle.resolve({ decision: 'adopt', providerRequestId, by: 'ops', reason: 'it is there' });
    expect(await handle.result()).toMatchObject({ providerRequestId: stack.provider.work.jobs.at(-1)!.id });
    expect(stack.provider.calls(/^POST \/v1\/predictions$/)).toHaveLength(submits + 1);
  });

  test('[N13][M5] without OAuth2 a 401 is final at once', async () => {
    stack.provider.instead(/^POST/, { status: 401, body: { detail: 'You did not pass a valid token' } });
    const before = stack.provider.calls(/^POST/).length;
    const handle = await stack.submit(DATA, ['starting']);
    const failure = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIAuthenticationError);
    expect(failure).toMatchObject({
      statusCode: 401,
      message: expect.stringContaining('You did not pass a valid token'),
    });
    expect(stack.provider.calls(/^POST/)).toHaveLength(before + 1);
  });
});

describe('AssemblyAI: a key without a scheme, and no cancel', () => {
  beforeAll(start('assemblyai', { contract: assemblyai, path: '/v2' }));
  afterAll(end);
  const DATA = { audio_url: 'https://a.example/1.mp3' };

  test('[N13][M3] the whole body of the last poll is the result', async () => {
    const handle = await stack.submit(DATA, ['queued', 'processing', 'completed']);
    expect((await handle.result()).result.processedData).toMatchObject({ text: 'Hello.', status: 'completed' });
    expect(stack.provider.ledger.map(({ headers }) => headers.authorization)).toEqual([KEY, KEY, KEY]);
  });

  test('[N13][N11] a cancelled request is only watched no longer: nothing is sent', async () => {
    const handle = await stack.submit(DATA, ['queued', 'processing']);
    await stack.polled();
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(RequestCancelledError);
    expect(await handle.status()).toMatchObject({ cancellation: 'no_longer_watched' });
    expect(about().every((call) => call.startsWith('GET'))).toBe(true);
  });

  test('[N13][M6] its error is the reason', async () => {
    const handle = await stack.submit(DATA, ['queued', 'error']);
    await expect(handle.result()).rejects.toThrow('as error: Download error to https://a.example/1.mp3');
  });
});

describe('CloudConvert: our id is its tag, and the result is a part of the job', () => {
  beforeAll(start('cloudconvert', { contract: cloudconvert, path: '/v2' }));
  afterAll(end);
  const DATA = { tasks: { import: { operation: 'import/url' } }, tag: 'of the caller' };
  const LIST = /^GET .*jobs\?/;
  const EXPORTED = [{ operation: 'export/url', status: 'finished' }];

  test('[N13][N1] the tag of the caller is dropped, and ours is sent', async () => {
    const handle = await stack.submit(DATA, ['waiting', 'processing', 'finished']);
    expect((await handle.result()).result.processedData).toMatchObject(EXPORTED);
    expect(stack.provider.work.jobs.at(-1)?.input).toMatchObject({ tag: handle.requestId });
  });

  test('[N13][N1] a lost answer is looked up by our tag: one job, and nobody decides', async () => {
    stack.provider.lose(/^POST/);
    const handle = await stack.submit(DATA, ['finished']);
    expect((await handle.result()).result.processedData).toMatchObject(EXPORTED);
    const ours = stack.provider.work.jobs.filter(({ input }) => (input as typeof DATA).tag === handle.requestId);
    const { providerRequestId, resolution } = await handle.status();
    expect(ours.map(({ id }) => id)).toEqual([providerRequestId]);
    expect(resolution).toBeNull();
  });

  test('[N13][N1] a list that ignores the filter hands us nothing of others, and the tag is compared here', async () => {
    stack.provider.lose(/^POST/);
    const others = ['a', 'b'].map((tag, n) => ({ id: `other-${n}`, tag, status: 'finished', tasks: [] }));
    stack.provider.instead(LIST, { body: { data: [...others, { id: 'untagged', status: 'finished', tasks: [] }] } });
    const handle = await stack.submit(DATA, ['finished']);
    await handle.result();
    const { providerRequestId } = await handle.status();
    expect(providerRequestId).toBe(stack.provider.work.jobs.at(-1)?.id);
    expect(stack.provider.calls(LIST).length).toBeGreaterThan(1);
  });

  test('[N13][N1] an empty list proves nothing where the profile does not say when it would: it is looked up again', async () => {
    stack.provider.lose(/^POST/);
    stack.provider.instead(LIST, { body: { data: [] } });
    const submits = stack.provider.calls(/^POST/).length;
    const handle = await stack.submit(DATA, ['finished']);
    await handle.result();
    expect(stack.provider.calls(/^POST/).length - submits).toBe(1);
  });
});

describe('Anthropic batches: the result is at a URL of its own, and a cancel only asks', () => {
  beforeAll(start('anthropic-batches', { contract: anthropicBatches, path: '/v1' }));
  afterAll(end);
  const DATA = { requests: [{ custom_id: 'a', params: {} }] };

  test('[N13][N8] its URL names its own host, and is fetched where the base URL leads, with the key', async () => {
    const handle = await stack.submit(DATA, ['in_progress', 'in_progress', 'ended']);
    expect((await handle.result()).result.processedData).toBe(RESULTS);
    const { id } = stack.provider.work.jobs.at(-1)!;
    expect(about()).toEqual([
      `GET /v1/messages/batches/${id}`,
      `GET /v1/messages/batches/${id}`,
      `GET /v1/messages/batches/${id}/results`,
    ]);
    for (const { headers } of stack.provider.ledger) {
      expect(headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-version': '2023-06-01' });
    }
    expect(await stack.history(handle.requestId)).not.toContain('results_url');
  });

  test('[N13][N11] a cancel is not taken for its word: it is asked until it has stopped, and what it did is kept', async () => {
    const handle = await stack.submit(DATA, ['in_progress', 'in_progress']);
    await stack.polled();
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ status: 'completed', cancellation: 'finished_anyway' });
    const calls = about();
    expect(calls.filter((call) => call.endsWith('/cancel'))).toHaveLength(1);
    expect(calls.slice(calls.findIndex((call) => call.endsWith('/cancel'))).length).toBeGreaterThan(2);
  });

  test('[N13][N8] a result of a foreign origin is refused, and nothing goes there', async () => {
    const handle = await stack.submit(DATA, ['in_progress', 'in_progress']);
    const { id } = await stack.polled();
    for (let n = 0; n < 3; n++) {
      stack.provider.instead(new RegExp(`^GET .*${id}$`), {
        body: { id, processing_status: 'ended', results_url: `https://evil.example/${id}` },
      });
    }
    const failure = await handle.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ExternalAPIError);
    expect(failure).toMatchObject({
      failure: 'unreadableReply',
      message: expect.stringContaining('leads to https://evil.example'),
    });
    // The work is known: whoever retries goes on asking.
    expect(await handle.status()).toMatchObject({ status: 'failed', providerRequestId: id });
  });
});

describe('Google: presence instead of a word', () => {
  beforeAll(start('google-speech-lro', { contract: googleOperations, path: '/v1' }));
  afterAll(end);

  test('[N13][M3] without `done` it waits; then its response is the result, and int64 as text an id', async () => {
    const handle = await stack.submit({ config: {}, audio: {} }, ['', 'running', 'running', 'response']);
    expect((await handle.result()).result.processedData).toMatchObject({ results: [{}] });
    const { id } = stack.provider.work.jobs[0]!;
    expect(Number.isSafeInteger(Number(id))).toBe(false);
    expect(about()).toEqual(Array.from({ length: 3 }, () => `GET /v1/operations/${id}`));
  });

  test.each([
    ['error 3', 'Invalid recognition config'],
    ['error 1', 'Invalid recognition config'],
  ])('[N13][M6] done with %s has failed', async (word, text) => {
    const handle = await stack.submit({ config: {}, audio: {} }, ['', 'running', word]);
    await expect(handle.result()).rejects.toThrow(text);
  });
});
