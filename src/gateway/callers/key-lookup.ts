import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, ApiKeys, CurrentKeys } from '../../contract/callers.ts';

interface Entry {
  digest: Buffer;
  key: ApiKey;
}

/** What a key is good for; null: nobody knows it. The time it takes tells nothing about the keys. */
export function keyLookup(current: CurrentKeys): (key: string) => ApiKey | null {
  let keys: ApiKeys | null = null;
  let entries: readonly Entry[] = [];

  function find(digest: Buffer, now: ApiKeys): ApiKey | null {
    if (now !== keys) entries = [...now].map(([hex, key]) => ({ digest: Buffer.from(hex, 'hex'), key }));
    keys = now;
    let found: ApiKey | null = null;
    for (const entry of entries) if (timingSafeEqual(entry.digest, digest)) found = entry.key;
    return found;
  }

  return (key) => {
    const digest = createHash('sha256').update(key).digest();
    return find(digest, current()) ?? find(digest, current(true));
  };
}
