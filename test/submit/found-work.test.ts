import { expect, test } from 'vitest';
import { foundIn } from '../../src/submit/found-work.ts';

const LATE = { listedAfterMs: 1_000, passedMs: 1_000, answered: false };
const EMPTY = { handles: [], isEmpty: true };

test('[N13][N1] one work is taken over and several are told, whatever else is known', () => {
  for (const facts of [LATE, { ...LATE, answered: true }, { ...LATE, listedAfterMs: 'never' as const }]) {
    expect(foundIn({ handles: ['job-1'], isEmpty: false }, facts)).toEqual({
      found: 'one',
      providerRequestId: 'job-1',
    });
    const several = { found: 'several', providerRequestIds: ['job-1', 'job-2'] };
    expect(foundIn({ handles: ['job-1', 'job-2'], isEmpty: false }, facts)).toEqual(several);
  }
});

test('[N13][N1] that no submit arrived, an empty list proves when it would have it, and nothing else does', () => {
  expect(foundIn(EMPTY, LATE)).toEqual({ found: 'none' });
  expect(foundIn({ handles: [], isEmpty: false }, LATE)).toBeNull();
  const others = [{ passedMs: 999 }, { answered: true }, { listedAfterMs: 'never' as const }, { listedAfterMs: null }];
  expect(others.map((other) => foundIn(EMPTY, { ...LATE, ...other }))).toEqual(others.map(() => null));
});
