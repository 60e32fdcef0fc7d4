import { expect, test } from 'vitest';
import { z } from 'zod';
import { SUSPICION_VARIABLES, suspicionLimitsIn } from '../../src/config/suspicion-config.ts';

const read = (thresholds?: string) => {
  const parsed = z
    .object(SUSPICION_VARIABLES)
    .safeParse(thresholds === undefined ? {} : { SUSPICION_THRESHOLDS: thresholds });
  return parsed.success ? suspicionLimitsIn(parsed.data) : parsed.error.issues.map(({ message }) => message);
};

test('[M16][M8] thresholds are read by the names of their rules', () => {
  expect(read()).toEqual({ windowMs: 60_000, thresholds: {} });
  expect(read('foreign_request=5, refused_target=0')).toEqual({
    windowMs: 60_000,
    thresholds: { foreign_request: 5, refused_target: 0 },
  });
});

test.each(['foreign_request', 'foreign_request=x', 'gone=5', 'foreign_request=5=6', 'foreign_request=-1', ','])(
  '[M16][M8] %s is refused, and the names are told',
  (bad) => {
    expect(read(bad)).toEqual([expect.stringMatching(/name=number.*Names: failed_authentication, foreign_request/)]);
  },
);
