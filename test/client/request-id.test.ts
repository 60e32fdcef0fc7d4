import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requestIdFor, randomRequestId } from '../../src/client/request-id.ts';
import { REQUEST_ID_PATTERN, requestIdOf, workflowIdOf } from '../../src/contract/names.ts';

test('[C4] the same tenant and key give the same id, and it is well formed', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (tenant, key) => {
      expect(requestIdFor(tenant, key)).toBe(requestIdFor(tenant, key));
      expect(requestIdFor(tenant, key)).toMatch(REQUEST_ID_PATTERN);
    }),
  );
});

test('[C4] the id is the first 130 bits of SHA-256 over [tenant, key], so that it never changes between versions', () => {
  expect(requestIdFor('default', 'order-4711')).toBe('req_A8WX25EW447PC3SZX3HM24NS2Q');
});

test('[C4] tenant and key cannot be shifted into each other', () => {
  expect(requestIdFor('a', 'bc')).not.toBe(requestIdFor('ab', 'c'));
});

test('[N13][C4] the same key at another provider means another request; the built-in one is named nowhere', () => {
  expect(requestIdFor('default', 'order-4711', 'renderer')).not.toBe(requestIdFor('default', 'order-4711'));
  expect(requestIdFor('default', 'order-4711', undefined)).toBe(requestIdFor('default', 'order-4711'));
});

test('[C4] ids without a key are random', () => {
  const ids = new Set(Array.from({ length: 1000 }, randomRequestId));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(id).toMatch(REQUEST_ID_PATTERN);
});

test('[C5] the workflow id names the product and the request', () => {
  expect(workflowIdOf('req_X')).toBe('external-api/req_X');
  expect(requestIdOf('external-api/req_X')).toBe('req_X');
});
