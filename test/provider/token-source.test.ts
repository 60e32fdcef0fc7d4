import { describe, expect, test } from 'vitest';
import { decideToken, TokenSource, tokenTimes, type FetchedToken } from '../../src/provider/token-source.ts';

const CONTEXT = { requestId: 'req_1' };

describe('the policy', () => {
  const token = { accessToken: 'a', generation: 1, refreshAt: 80, expiresAt: 100_000 };
  test.each([
    ['none', null, 0, -Infinity, 'wait'],
    ['fresh', token, 79, -Infinity, 'serve'],
    ['in the refresh window', token, 80, -Infinity, 'serve-and-refresh'],
    ['in it, < 5 s after a failed refresh', token, 5_079, 80, 'serve'],
    ['in it, 5 s after a failed refresh', token, 5_080, 80, 'serve-and-refresh'],
    ['at its last millisecond', token, 99_999, -Infinity, 'serve-and-refresh'],
    ['expired', token, 100_000, -Infinity, 'wait'],
    ['expired, after a failed refresh', token, 100_000, 99_999, 'wait'],
  ] as const)('[M2] %s', (_title, state, now, failedAt, decision) => {
    expect(decideToken(state, now, failedAt)).toBe(decision);
  });

  test.each([
    [3_600, 3_600_000, 3_540_000],
    [100, 100_000, 80_000],
    [10, 10_000, 8_000],
    [null, 300_000, 240_000],
    [0, 0, 0],
    [-5, 0, 0],
    [1e12, 86_400_000, 86_340_000],
  ])('[M2] expires_in %s: expires after %i ms, refreshed from %i ms on', (expiresIn, expiresAt, refreshAt) => {
    expect(tokenTimes(0, expiresIn)).toEqual({ issuedAt: 0, expiresAt, refreshAt });
  });
});

/** A source on a clock of the test's own, whose fetches the test answers one by one. */
function sourceUnderTest() {
  const fetches: { resolve: (token: FetchedToken) => void; reject: (error: Error) => void }[] = [];
  const refreshed: number[] = [];
  const clock = { now: 0 };
  const source = new TokenSource({
    fetchToken: () => new Promise((resolve, reject) => fetches.push({ resolve, reject })),
    onRefreshed: (generation) => refreshed.push(generation),
    now: () => clock.now,
  });
  const answer = async (n: number, expiresIn: number | null = 100): Promise<void> => {
    fetches[n]?.resolve({ accessToken: `t${n + 1}`, expiresIn });
    await settle();
  };
  return { source, fetches, refreshed, clock, answer };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the source', () => {
  test('[M2] all who wait share one fetch, and are served it until its window', async () => {
    const { source, fetches, refreshed, clock, answer } = sourceUnderTest();
    const waiting = Array.from({ length: 200 }, () => source.get(CONTEXT));
    await answer(0);
    const tokens = await Promise.all(waiting);
    expect(new Set(tokens.map((token) => token.accessToken))).toEqual(new Set(['t1']));
    clock.now = 79_999;
    expect(await source.get(CONTEXT)).toMatchObject({ accessToken: 't1', generation: 1 });
    expect(fetches).toHaveLength(1);
    expect(refreshed).toEqual([1]);
  });

  test('[M2] all who wait get the same error, and the next to ask tries again', async () => {
    const { source, fetches, answer } = sourceUnderTest();
    const waiting = Promise.allSettled([source.get(CONTEXT), source.get(CONTEXT)]);
    const down = new Error('down');
    fetches[0]?.reject(down);
    expect(await waiting).toEqual([
      { status: 'rejected', reason: down },
      { status: 'rejected', reason: down },
    ]);
    const again = source.get(CONTEXT);
    await answer(1);
    expect(await again).toMatchObject({ accessToken: 't2', generation: 1 });
  });

  test('[M2] in its window the old token serves while one refresh runs behind it', async () => {
    const { source, fetches, clock, answer } = sourceUnderTest();
    const first = source.get(CONTEXT);
    await answer(0);
    await first;
    clock.now = 80_000;
    const served = await Promise.all([source.get(CONTEXT), source.get(CONTEXT), source.get(CONTEXT)]);
    expect(served.map((token) => token.accessToken)).toEqual(['t1', 't1', 't1']);
    expect(fetches).toHaveLength(2);
    await answer(1);
    expect(await source.get(CONTEXT)).toMatchObject({ accessToken: 't2', generation: 2, expiresAt: 180_000 });
  });

  test('[M2] a refresh that fails behind it is tried again 5 s later, and the old token serves on', async () => {
    const { source, fetches, clock, answer } = sourceUnderTest();
    const first = source.get(CONTEXT);
    await answer(0);
    await first;
    clock.now = 80_000;
    await source.get(CONTEXT);
    fetches[1]?.reject(new Error('down'));
    await settle();
    clock.now = 84_999;
    expect(await source.get(CONTEXT)).toMatchObject({ accessToken: 't1' });
    expect(fetches).toHaveLength(2);
    clock.now = 85_000;
    expect(await source.get(CONTEXT)).toMatchObject({ accessToken: 't1' });
    expect(fetches).toHaveLength(3);
  });

  test('[M2][M5] a 401 drops the token it was answered to, never a newer one', async () => {
    const { source, fetches, answer } = sourceUnderTest();
    const first = source.get(CONTEXT);
    await answer(0);
    await first;
    source.invalidate(1);
    const second = source.get(CONTEXT);
    await answer(1);
    expect(await second).toMatchObject({ generation: 2 });
    source.invalidate(1);
    expect(await source.get(CONTEXT)).toMatchObject({ generation: 2 });
    expect(fetches).toHaveLength(2);
  });

  test('[M2][M5] who was refused waits for no refresh that began before', async () => {
    const { source, fetches, refreshed, clock, answer } = sourceUnderTest();
    const first = source.get(CONTEXT);
    await answer(0);
    await first;
    clock.now = 80_000;
    await source.get(CONTEXT);
    expect(fetches).toHaveLength(2);
    source.invalidate(1);
    const waiting = [source.get(CONTEXT), source.get(CONTEXT)];
    await answer(1);
    await answer(2);
    expect(await Promise.all(waiting)).toMatchObject([{ accessToken: 't3' }, { accessToken: 't3' }]);
    expect(refreshed).toEqual([1, 2, 3]);
    expect(await source.get(CONTEXT)).toMatchObject({ accessToken: 't3', generation: 3 });
    expect(fetches).toHaveLength(3);
  });

  test('[M2] a token without life serves those who waited for it and nobody else', async () => {
    const { source, fetches, answer } = sourceUnderTest();
    const waiting = Promise.all([source.get(CONTEXT), source.get(CONTEXT)]);
    await answer(0, 0);
    expect((await waiting).map((token) => token.accessToken)).toEqual(['t1', 't1']);
    const next = source.get(CONTEXT);
    expect(fetches).toHaveLength(2);
    await answer(1, 0);
    expect(await next).toMatchObject({ accessToken: 't2' });
  });

  test('[M2] who gives up waiting leaves the fetch to the others', async () => {
    const { source, fetches, answer } = sourceUnderTest();
    const abort = new AbortController();
    const gaveUp = source.get({ ...CONTEXT, signal: abort.signal });
    const stayed = source.get(CONTEXT);
    abort.abort(new Error('enough'));
    await expect(gaveUp).rejects.toThrow('enough');
    await answer(0);
    expect(await stayed).toMatchObject({ accessToken: 't1' });
    expect(fetches).toHaveLength(1);
  });

  test('[M2] a fetch that fails when everybody has given up is nobody’s unhandled rejection', async () => {
    const { source, fetches } = sourceUnderTest();
    const abort = new AbortController();
    const gaveUp = source.get({ ...CONTEXT, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(gaveUp).rejects.toThrow('enough');
    fetches[0]?.reject(new Error('down'));
    await settle();
    await expect(source.get({ ...CONTEXT, signal: abort.signal })).rejects.toThrow('enough');
    expect(fetches).toHaveLength(1);
  });
});
