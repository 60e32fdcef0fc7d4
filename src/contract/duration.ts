/** Milliseconds of one, by the names that a text may have for it, in any case. */
const UNITS = {
  ms: 1,
  msec: 1,
  msecs: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  sec: 1_000,
  secs: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hrs: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
  y: 31_557_600_000,
  yr: 31_557_600_000,
  yrs: 31_557_600_000,
  year: 31_557_600_000,
  years: 31_557_600_000,
} as const;

type Unit = keyof typeof UNITS;
type UnitInAnyCase = Unit | Capitalize<Unit> | Uppercase<Unit>;

/** Milliseconds, or a text of one number and its unit, such as `'10 minutes'`, `'1.5h'`, `'90 s'`. */
export type Duration = number | `${number}${'' | ' '}${UnitInAnyCase}`;

/** In milliseconds, which a text without a unit is too; NaN for what is no duration. */
export function millisecondsOf(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  // Callers without types give anything.
  const text = typeof duration === 'string' ? duration : '';
  const [, number, unit = 'ms'] = /^(-?(?:\d+(?:\.\d+)?|\.\d+)) *([a-z]+)?$/i.exec(text) ?? [];
  const known: string = unit.toLowerCase();
  return Object.hasOwn(UNITS, known) ? Number(number) * UNITS[known as Unit] : Number.NaN;
}
