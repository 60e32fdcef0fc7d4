import { expect, test } from 'vitest';
import { z } from 'zod';
import { ResultMismatchError, type StandardSchema } from '../../src/client/index.ts';
import type { CompletedRequest } from '../../src/client/finished-request.ts';
import { validated } from '../../src/client/standard-schema.ts';
import { initialState, type JsonValue } from '../../src/contract/request.ts';

const ID = 'req_3M6K1E4TZJAEH5SCCQVTGS01T3';

function completed(processedData: JsonValue): CompletedRequest {
  const result = { processedData, metadata: { processingTime: 1, version: '2.1' } };
  return { ...initialState(ID, '2026-11-23T18:07:03.813Z'), status: 'completed', result };
}

async function mismatch(data: JsonValue, schema: StandardSchema<unknown>): Promise<ResultMismatchError> {
  const error = await validated(completed(data), schema).catch((thrown: unknown) => thrown);
  if (error instanceof ResultMismatchError) return error;
  throw error;
}

test('[C4] a result that fits is what the schema makes of it', async () => {
  const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) });
  const { result, status } = await validated(completed({ at: '2026-11-23T18:07:03.813Z', more: 1 }), schema);
  expect(status).toBe('completed');
  expect(result).toEqual({
    processedData: { at: new Date('2026-11-23T18:07:03.813Z') },
    metadata: { processingTime: 1, version: '2.1' },
  });
});

test('[C4][M12] a result that does not fit says where, keeps the result, and says that it must not be sent again', async () => {
  const data = { items: [{ id: 1 }, { id: 'two' }], total: 'x' };
  const schema = z.object({ items: z.array(z.object({ id: z.int() })), total: z.number() });
  const error = await mismatch(data, schema);
  expect(error.problems.map(({ path }) => path)).toEqual(['items[1].id', 'total']);
  expect(error).toMatchObject({ code: 'RESULT_MISMATCH', requestId: ID, result: { processedData: data } });
  expect(error.message).toMatch(
    /^Request req_\w+ is completed, but its result does not fit the schema: items\[1\]\.id: /,
  );
  expect(error.message).toContain('do not send it again');
});

test('[C4] a schema may take its time, and name members by objects', async () => {
  const schema: StandardSchema<never> = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: async () => ({ issues: [{ message: 'is wrong', path: [{ key: 'a' }, { key: 0 }, 'b'] }] }),
    },
  };
  expect((await mismatch({ a: [] }, schema)).problems).toEqual([{ path: 'a[0].b', message: 'is wrong' }]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('a bug');
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug'))],
])('[C4] a schema that %s loses no result', async (_, validate) => {
  const error = await mismatch('done', { '~standard': { version: 1, vendor: 'own', validate } });
  expect(error.result.processedData).toBe('done');
  expect(error.problems).toEqual([{ path: '', message: 'the schema failed: a bug' }]);
  expect(error.cause).toMatchObject({ message: 'a bug' });
});
