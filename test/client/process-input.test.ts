import { describe, expect, test } from 'vitest';
import { checkInput } from '../../src/client/process-input.ts';
import { InvalidRequestError } from '../../src/client/client-errors.ts';
import type { JsonValue, ProcessInput } from '../../src/contract/request.ts';

function problems(
  input: unknown,
  options: { idempotencyKey?: string; tenant?: string; cache?: 'read'; deadline?: string } = {},
): string[] {
  try {
    checkInput(input as ProcessInput, options);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('what cannot be a request', () => {
  test.each([
    ['no data', {}, 'data: is required'],
    ['data null', { data: null }, 'data: is required'],
    [
      'an integer that is not kept',
      { data: { a: [2 ** 53] } },
      'data.a[0]: is 9007199254740992, and integers are exact',
    ],
    ['a number that is none', { data: { a: [1, NaN] } }, 'data.a[1]: is NaN'],
    ['a date', { data: { at: new Date(0) } }, 'data.at: is a Date'],
    ['a function', { data: () => 1 }, 'data: is of type function'],
    ['a bigint', { data: { n: 1n } }, 'data.n: is of type bigint'],
    ['a relative callback', { data: 1, options: { callbackUrl: '/done' } }, 'options.callbackUrl: must be an absolute'],
    ['another scheme', { data: 1, options: { callbackUrl: 'ftp://x/' } }, 'options.callbackUrl: must be an absolute'],
    ['credentials in the callback', { data: 1, options: { callbackUrl: 'https://u:p@x/' } }, 'options.callbackUrl:'],
    ['async that is no boolean', { data: 1, options: { async: 'yes' } }, 'options.async:'],
    ['an unknown member', { data: 1, callback_url: 'https://x/' }, 'callback_url'],
  ])('[M12] %s is named as the problem', (_name, input, problem) => {
    expect(problems(input).join('\n')).toContain(problem);
  });

  test('[M12] all problems are named at once', () => {
    expect(
      problems({ options: { async: 1, callbackUrl: 'x' } }, { tenant: 'no spaces', idempotencyKey: '' }),
    ).toHaveLength(5);
  });

  test('[M12][M11] a use of the cache that does not exist is named with those that do', () => {
    expect(problems({ data: 1 }, { cache: 'always' as 'read' })).toEqual(['cache: must be one of: read, refresh, off']);
  });

  test('[M12] data of 64 levels is taken, and of 65 refused', () => {
    const nested = (levels: number): JsonValue =>
      levels === 0 ? 1 : levels % 2 ? [nested(levels - 1)] : { a: nested(levels - 1) };
    expect(checkInput({ data: nested(64) }, {}).inputHash).toHaveLength(64);
    expect(problems({ data: nested(65) })).toEqual([expect.stringContaining('nested deeper than 64 levels')]);
  });

  test('[M12] data nested too deeply is refused, not a crash', () => {
    let data: unknown = 1;
    for (let depth = 0; depth < 10_000; depth++) data = [data];
    expect(problems({ data })).toEqual([expect.stringContaining('nested deeper than 64 levels')]);
  });

  test('[M12] an array with a hole, and an object of no known class, are refused by their place', () => {
    // oxlint-disable-next-line no-sparse-arrays
    expect(problems({ data: { a: [1, , 2] } })).toEqual([expect.stringContaining('data.a[1]: is of type undefined')]);
    const odd: unknown = Object.create(Object.create(null) as object);
    expect(problems({ data: [odd] })).toEqual([expect.stringContaining('data[0]: is a class instance')]);
  });
});

describe('the hash of the input', () => {
  const hash = (input: ProcessInput): string => checkInput(input, {}).inputHash;

  test('[C4] the order of members does not matter, at any depth', () => {
    expect(hash({ data: { a: 1, b: { c: 1, d: 2 } } })).toBe(hash({ data: { b: { d: 2, c: 1 }, a: 1 } }));
  });

  test('[C4] the order of items, a type, an option and a callback all matter', () => {
    const hashes = new Set([
      hash({ data: [1, 2] }),
      hash({ data: [2, 1] }),
      hash({ data: ['1', 2] }),
      hash({ data: [1, 2], options: { async: true } }),
      hash({ data: [1, 2], options: { async: true, callbackUrl: 'https://x.example/' } }),
    ]);
    expect(hashes.size).toBe(5);
  });

  test('[C4] a default that is spelled out is the same input', () => {
    expect(hash({ data: 1, options: { async: false } })).toBe(hash({ data: 1 }));
  });
});
