import { z } from 'zod';
import type { ApiKey, ApiKeys, CurrentKeys } from '../contract/callers.ts';
import { NAME_EXPECTED, NAME_PATTERN } from '../contract/names.ts';
import { followFile } from './followed-file.ts';
import { takeEntries } from './secret-entries.ts';

const EXPECTED = 'tenant:sha256-of-key';
const SHA_256 = /^[0-9a-f]{64}$/;
/** RFC 3339 in UTC. */
const INSTANT = z.iso.datetime();

/**
 * `tenant:sha256-of-key`, and `:2027-01-01T00:00:00Z` behind it for a key that expires; separated by commas or line breaks.
 * One tenant may have several keys, so that keys can be rotated.
 */
export const apiKeys = z.string().transform((value, context): ApiKeys => {
  const keys = new Map<string, ApiKey>();
  takeEntries(value, context, EXPECTED, (entry) => {
    const problem = problemWith(entry, keys);
    const { tenant, digest, expiry } = partsOf(entry);
    if (problem === null) keys.set(digest, { tenant, expiresAt: expiry === null ? null : Date.parse(expiry) });
    return problem;
  });
  return keys;
});

function problemWith(entry: string, known: ApiKeys): string | null {
  if (!entry.includes(':')) return `has no colon: expected ${EXPECTED}`;
  const { tenant, digest, expiry } = partsOf(entry);
  if (!NAME_PATTERN.test(tenant)) return `has a bad tenant name: expected ${NAME_EXPECTED}`;
  if (!SHA_256.test(digest)) {
    return "has no SHA-256 after the colon: expected 64 hex digits, as made by printf %s 'the-key' | sha256sum";
  }
  if (expiry !== null && !INSTANT.safeParse(expiry).success) {
    return 'has a bad expiry after the SHA-256: expected an instant in UTC, such as 2027-01-01T00:00:00Z';
  }
  if (known.has(digest)) return 'repeats the key of an entry before it: every key belongs to one tenant';
  return null;
}

function partsOf(entry: string): { tenant: string; digest: string; expiry: string | null } {
  const [tenant = '', digest = '', ...expiry] = entry.split(':').map((part) => part.trim());
  return { tenant, digest: digest.toLowerCase(), expiry: expiry.length === 0 ? null : expiry.join(':') };
}

/** What tells of a file of keys. */
export interface KeyFileListener {
  /** @param count of the keys that are good now */
  onChange: (count: number) => void;
  onUnusable: (reason: string) => void;
}

/** The keys of a file, as they are now. One that cannot be used keeps those that were read last. */
export function keysOfFile(path: string, first: ApiKeys, { onChange, onUnusable }: KeyFileListener): CurrentKeys {
  return followFile({ path, first, schema: apiKeys, onChange: ({ size }) => onChange(size), onUnusable });
}
