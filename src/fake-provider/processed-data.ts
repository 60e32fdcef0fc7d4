import { createHash } from 'node:crypto';

/** What the provider makes of `data`: the `processed_data` of a result. */
export interface ProcessedData {
  /** SHA-256 of the canonical text, in hex. A result that was crossed with another request's shows here. */
  sha256: string;
  /** UTF-8 length of the canonical text. */
  bytes: number;
}

/** A pure function of `data`, so that anyone can recompute what its result must be. */
export function processedDataOf(data: unknown): ProcessedData {
  const canonical = canonicalJson(data);
  return { sha256: createHash('sha256').update(canonical).digest('hex'), bytes: Buffer.byteLength(canonical) };
}

/** The one text of a JSON value, whatever its whitespace and order of members: RFC 8785. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
