import { z } from 'zod';
import { SUSPICION_NAMES, type SuspicionLimits } from '../contract/suspicions.ts';
import { seconds } from './schemas.ts';

const EXPECTED = `must be name=number, comma separated, such as foreign_request=5; 0 switches a rule off. Names: ${SUSPICION_NAMES.join(', ')}`;

const thresholds = z.string().transform((value, context) => {
  const entries = value.split(',').map((entry) => entry.trim().split('='));
  const isGood = entries.every(
    ([name = '', number = '', ...more]) =>
      SUSPICION_NAMES.some((known) => known === name) && /^\d{1,9}$/.test(number) && more.length === 0,
  );
  if (isGood) return Object.fromEntries(entries.map(([name = '', number]) => [name, Number(number)]));
  context.addIssue({ code: 'custom', message: EXPECTED });
  return z.NEVER;
});

/** When worker and gateway tell of what looks like abuse. */
export const SUSPICION_VARIABLES = {
  SUSPICION_WINDOW: seconds({ min: 1, max: 86_400 }).default(60_000),
  SUSPICION_THRESHOLDS: thresholds.default({}),
};

export function suspicionLimitsIn({
  SUSPICION_WINDOW: windowMs,
  SUSPICION_THRESHOLDS: asked,
}: {
  SUSPICION_WINDOW: number;
  SUSPICION_THRESHOLDS: Record<string, number>;
}): SuspicionLimits {
  return Object.freeze({ windowMs, thresholds: asked });
}
