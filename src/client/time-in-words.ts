const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** A duration in the largest unit of which there are two or more. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  const [size, unit] = UNITS.find(([one]) => seconds >= 2 * one) ?? [1, 's'];
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds / size)} ${unit}`;
}

/** `12:00:05Z`, rounded up; with its date unless that is today's. */
export function timeOfDay(time: string, now: Date): string {
  const rounded = new Date(Math.ceil(Date.parse(time) / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  const today = now.toISOString().slice(0, 11);
  return rounded.startsWith(today) ? rounded.slice(today.length) : rounded;
}
