import { expect, test } from 'vitest';
import { processedDataOf } from '../../src/fake-provider/index.ts';
import { statusOf } from '../../src/fake-provider/jobs.ts';
import { Caller } from './caller.ts';

const job = {
  requestId: 'req_1',
  idempotencyKey: null,
  async: true,
  processedData: processedDataOf(1),
  error: null,
  createdAt: 1_000_000,
  finishedAt: 1_002_000,
};

test('[M3] a job is queued, then processing, then completed with result and time', () => {
  const words = [0, 199, 200, 1999, 2000].map((elapsed) => statusOf(job, job.createdAt + elapsed).status);
  expect(words).toEqual(['queued', 'queued', 'processing', 'processing', 'completed']);
  expect(statusOf(job, job.createdAt)).toEqual({
    request_id: 'req_1',
    status: 'queued',
    result: null,
    created_at: '1970-01-01T00:16:40.000Z',
    completed_at: null,
  });
  expect(statusOf(job, job.finishedAt)).toEqual({
    request_id: 'req_1',
    status: 'completed',
    result: { processed_data: processedDataOf(1), metadata: { processing_time: 2, version: '2.1' } },
    created_at: '1970-01-01T00:16:40.000Z',
    completed_at: '1970-01-01T00:16:42.000Z',
  });
});

test('[M3] polls of an async job end with its result, and a status read executes nothing', async () => {
  await using caller = await Caller.start({ settings: { jobDurationMs: 60 } });
  const id = await caller.submit({ n: 7 });
  const words = new Set<unknown>();
  let reply = await caller.status(id);
  while (reply.body['status'] !== 'completed') {
    words.add(reply.body['status']);
    reply = await caller.status(id);
  }
  expect([...words]).toContain('processing');
  expect(reply.body['result']).toMatchObject({ processed_data: processedDataOf({ n: 7 }) });
  expect(caller.lastEntry).toMatchObject({
    endpoint: '/status/{request_id}',
    method: 'GET',
    providerRequestId: id,
    executed: false,
    statusCode: 200,
  });
});

test('[M3] a sync job can be asked for too', async () => {
  await using caller = await Caller.start();
  const { body } = await caller.process({ data: 1 });
  const status = await caller.status(String(body['request_id']));
  expect(status.body).toMatchObject({ status: 'completed', result: body['result'] });
});

test('[M3] an unknown id is answered 404', async () => {
  await using caller = await Caller.start();
  const { status, body } = await caller.status('req_unknown');
  expect([status, body]).toEqual([404, { error: 'unknown request_id' }]);
});
