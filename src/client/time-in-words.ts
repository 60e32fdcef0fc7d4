const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** How long something has lasted, in the largest unit of which there are two or more. Never more than it was. */
export function span(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  const [size, unit] = UNITS.find(([one]) => tenths >= 20 * one) ?? [1, 's'];
  return `${tenths < 100 ? tenths / 10 : Math.floor(tenths / 10 / size)} ${unit}`;
}

/** A length that somebody chose, exactly: `60 s`. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

/** `12:00:05Z`, with its date unless that is today's: a time to come is not told too early, nor one that has passed too late. */
export function timeOfDay(time: string, now: Date): string {
  const ms = Date.parse(time);
  const whole = (ms > now.getTime() ? Math.ceil : Math.floor)(ms / 1000) * 1000;
  const told = new Date(whole).toISOString().replace('.000Z', 'Z');
  const today = now.toISOString().slice(0, 11);
  return told.startsWith(today) ? told.slice(today.length) : told;
}
