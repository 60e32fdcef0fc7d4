import { expect, test } from 'vitest';
import { createFallBack, hasFallback, type FailedRequest } from '../../src/answers/fallback.ts';

const RESULT = { processedData: 'static', metadata: { processingTime: null, version: null } };
const FAILED: FailedRequest = {
  requestId: 'req_X',
  tenant: 'acme',
  data: { a: 1 },
  failure: { type: 'APITimeoutError', message: 'late', statusCode: null, retryable: true, outcome: null },
};

test('[M13] a function by name is given the request and its failure, and its result stands in', async () => {
  const given: FailedRequest[] = [];
  const fallbacks = {
    stub: async (failed: FailedRequest) => {
      given.push(failed);
      return RESULT;
    },
  };
  const fallBack = createFallBack({ fallback: 'stub', fallbacks });
  expect(await fallBack({ ...FAILED, cacheKey: 'k' })).toEqual({ result: RESULT, storedAt: null });
  expect(given).toEqual([FAILED]);
});

test('[M13] a function that gives null leaves the failure as it is', async () => {
  const fallBack = createFallBack({ fallback: 'none-today', fallbacks: { 'none-today': async () => null } });
  expect(await fallBack({ ...FAILED, cacheKey: null })).toBeNull();
});

test.each([
  [{}, 'this worker has no functions'],
  [{ a: async () => null, b: async () => null }, 'the functions are a, b'],
])('[M12][M13] a name that is not there ends the start, and says what is: %#', (fallbacks, says) => {
  expect(() => createFallBack({ fallback: 'toString', fallbacks })).toThrow(
    new RegExp(`^EXTERNAL_API_FALLBACK is "toString": expected none, cache, or .*${says}\\.$`),
  );
});

test('[M13] none is the default', () => {
  expect([{}, { fallback: 'none' }, { fallback: 'cache' }, { fallback: 'stub' }].map(hasFallback)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
