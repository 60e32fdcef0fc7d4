import type { Job } from './work.ts';
import { isCall, json, type Answer, type Contract, type ScriptedCall } from './scripted-provider.ts';

/** Vendors that call the work by an id. Written after their documentation, and not after any profile. */

export const KEY = 'key-canary-1';
const AT = '2026-05-04T10:00:00Z';
const LATER = '2026-05-04T10:00:07.5Z';

export const isBearer = ({ headers }: ScriptedCall): boolean => headers.authorization === `Bearer ${KEY}`;

/** One resource for every call; a cancel answers with it, whatever became of the work. */
export const replicate: Contract = (call, work) => {
  if (!isBearer(call))
    return { status: 401, body: { title: 'Unauthenticated', detail: 'You did not pass a valid token' } };
  const resource = ({ id, word }: Job): Answer => ({
    body: {
      id,
      status: word,
      output: word === 'succeeded' ? [`https://replicate.delivery/${id}.png`] : null,
      error: word === 'failed' ? 'CUDA out of memory' : null,
      created_at: AT,
      completed_at: word === 'succeeded' ? LATER : null,
    },
  });
  if (isCall(call, 'POST', /^\/v1\/predictions$/)) {
    return { status: 201, ...resource(work.take((n) => `gm3qorzdhgbfurvjtvhg6dck${n}`, json(call))) };
  }
  const [, id, cancel] = /^\/v1\/predictions\/(\w+)(\/cancel)?$/.exec(call.path) ?? [];
  const job = work.find(id);
  if (job === undefined) return { status: 404, body: { detail: 'The requested resource could not be found.' } };
  if (cancel === undefined) job.look();
  else if (!job.is('succeeded', 'failed')) job.become('canceled');
  return resource(job);
};

/** The key stands without a scheme; there is no cancel. */
export const assemblyai: Contract = (call, work) => {
  if (call.headers.authorization !== KEY)
    return { status: 401, body: { error: 'Authentication error, API token missing/invalid' } };
  const transcript = ({ id, word, input }: Job): Answer => ({
    body: {
      id,
      status: word,
      audio_url: (input as { audio_url: string }).audio_url,
      text: word === 'completed' ? 'Hello.' : null,
      error: word === 'error' ? 'Download error to https://a.example/1.mp3' : undefined,
    },
  });
  if (isCall(call, 'POST', /^\/v2\/transcript$/)) {
    return transcript(work.take((n) => `6a2b1c0e-0000-4000-8000-00000000000${n}`, json(call)));
  }
  const job = work.find(isCall(call, 'GET', /^\/v2\/transcript\/([\w-]+)$/)?.[1]);
  if (job === undefined) return { status: 404, body: { error: 'Not found' } };
  job.look();
  return transcript(job);
};

/** A tag of ours, by which jobs are listed; the result is part of the job. */
export const cloudconvert: Contract = (call, work) => {
  if (!isBearer(call)) return { status: 401, body: { message: 'Unauthenticated.', code: 'UNAUTHENTICATED' } };
  const tagOf = ({ input }: Job): string | null => (input as { tag?: string }).tag ?? null;
  const shown = (job: Job): object => ({
    id: job.id,
    tag: tagOf(job),
    status: job.word,
    created_at: AT,
    ended_at: job.word === 'finished' ? LATER : null,
    tasks: [
      {
        name: 'export',
        operation: 'export/url',
        status: job.word,
        result: { files: [{ url: 'https://s.example/1' }] },
      },
    ],
  });
  const resource = (job: Job): Answer => ({ body: { data: shown(job) } });
  const filter = isCall(call, 'GET', /^\/v2\/jobs\?filter%5Btag%5D=(\w+)$/)?.[1];
  if (filter !== undefined) return { body: { data: work.jobs.filter((job) => tagOf(job) === filter).map(shown) } };
  if (isCall(call, 'POST', /^\/v2\/jobs$/)) {
    return { status: 201, ...resource(work.take((n) => `4c80f1ae-5b3a-43d5-bb58-1a5c4eb4e46${n}`, json(call))) };
  }
  const job = work.find(isCall(call, 'GET', /^\/v2\/jobs\/([\w-]+)$/)?.[1]);
  if (job === undefined) return { status: 404, body: { message: 'No query results for model', code: 'NOT_FOUND' } };
  job.look();
  return resource(job);
};

/** A cancel only asks; the result is JSON lines at the same origin, with the same key. */
export const anthropicBatches: Contract = (call, work) => {
  const isOurs = call.headers['x-api-key'] === KEY && call.headers['anthropic-version'] !== undefined;
  if (!isOurs) {
    return {
      status: 401,
      body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
    };
  }
  // The real one names itself, whatever stands before it.
  const batch = ({ id, word }: Job): Answer => ({
    body: {
      id,
      type: 'message_batch',
      processing_status: word,
      created_at: AT,
      ended_at: word === 'ended' ? LATER : null,
      results_url: word === 'ended' ? `https://api.anthropic.com/v1/messages/batches/${id}/results` : null,
    },
  });
  if (isCall(call, 'POST', /^\/v1\/messages\/batches$/))
    return batch(work.take((n) => `msgbatch_01HkcTjaV5uDC8jWR4ZsDV${n}`, json(call)));
  const [, id, what] = /^\/v1\/messages\/batches\/(\w+)(?:\/(cancel|results))?$/.exec(call.path) ?? [];
  const job = work.find(id);
  if (job === undefined)
    return { status: 404, body: { type: 'error', error: { type: 'not_found_error', message: 'Not found' } } };
  if (what === 'results') return { headers: { 'content-type': 'application/x-jsonl' }, body: RESULTS };
  if (what === undefined) job.look();
  else if (!job.is('ended')) job.become('canceling', 'canceling', 'ended');
  return batch(job);
};

export const RESULTS =
  '{"custom_id":"a","result":{"type":"succeeded"}}\n{"custom_id":"b","result":{"type":"canceled"}}\n';

/** `done`, and then `error` or `response`: no word says how it is, and false is left out. */
export const googleOperations: Contract = (call, work) => {
  if (call.headers['x-goog-api-key'] !== KEY) {
    return {
      status: 401,
      body: {
        error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' },
      },
    };
  }
  if (isCall(call, 'POST', /^\/v1\/speech:longrunningrecognize$/)) {
    // Names are int64 as text.
    return { body: { name: work.take((n) => `761220276795309892${n}`, json(call)).id } };
  }
  const job = work.find(isCall(call, 'GET', /^\/v1\/operations\/(\d+)$/)?.[1]);
  if (job === undefined)
    return { status: 404, body: { error: { code: 404, message: 'Operation not found', status: 'NOT_FOUND' } } };
  const { id: name } = job;
  const [word, code] = job.look().split(' ');
  if (word === 'response')
    return { body: { name, done: true, response: { results: [{ alternatives: [{ transcript: 'hello' }] }] } } };
  if (word === 'error')
    return { body: { name, done: true, error: { code: Number(code), message: 'Invalid recognition config' } } };
  return { body: { name, metadata: { progressPercent: 40 } } };
};
