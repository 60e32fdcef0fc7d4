import { z } from 'zod';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';

const SHA_256 = /^[0-9a-f]{64}$/;

/**
 * `tenant:sha256-of-key`, separated by commas or line breaks, as a map from the lower-case hex digest to the tenant.
 * One tenant may have several keys, so that keys can be rotated. A bad entry is named by its position alone: whoever
 * put the key itself there must not find it in a log.
 */
export const apiKeys = z.string().transform((value, context): ReadonlyMap<string, string> => {
  const keys = new Map<string, string>();
  const entries = value.split(/[,\n]/).map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    if (entry === '') continue;
    const problem = problemWith(entry, keys);
    if (problem === null) keys.set(digestOf(entry), tenantOf(entry));
    else context.addIssue({ code: 'custom', message: `entry ${index + 1} ${problem}` });
  }
  if (keys.size === 0) context.addIssue({ code: 'custom', message: 'has no entry: expected tenant:sha256-of-key' });
  return keys;
});

function problemWith(entry: string, known: ReadonlyMap<string, string>): string | null {
  if (!entry.includes(':')) return 'has no colon: expected tenant:sha256-of-key';
  if (!NAME_PATTERN.test(tenantOf(entry))) {
    return `has a bad tenant name: expected ${NAME_EXPECTED}`;
  }
  if (!SHA_256.test(digestOf(entry))) {
    return "has no SHA-256 after the colon: expected 64 hex digits, as made by printf %s 'the-key' | sha256sum";
  }
  if (known.has(digestOf(entry))) return 'repeats the key of an entry before it: every key belongs to one tenant';
  return null;
}

function tenantOf(entry: string): string {
  return entry.slice(0, entry.indexOf(':')).trim();
}

function digestOf(entry: string): string {
  return entry
    .slice(entry.indexOf(':') + 1)
    .trim()
    .toLowerCase();
}
