import { z } from 'zod';

/** ISO 8601; a time without an offset is UTC, wherever we run. */
const time = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`).toISOString());

export function timeOf(value: unknown): string | null {
  return typeof value === 'string' ? (time.safeParse(value).data ?? null) : null;
}
