import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';

export interface FollowedFile<T> {
  path: string;
  /** What was read of it at the start. */
  first: T;
  /** Its messages name no secret. */
  schema: z.ZodType<T, string>;
  /** It says something else now. */
  onChange?: (value: T) => void;
  /** It cannot be used: told once, until it can be again. */
  onUnusable?: (reason: string) => void;
}

/** Between two looks: as a rule, and where what was read last would turn somebody away. */
const [LOOK_MS, URGENT_LOOK_MS] = [2_000, 100];
/** File times are coarse: what was written so shortly ago may be written once more and look the same. */
const SETTLED_MS = 2_000;
const MOST_BYTES = 1024 * 1024;

/**
 * What a file says, now. It is looked at when somebody asks, by its path: the swap of a symbolic link, which is how
 * Kubernetes changes a mounted secret, is seen as a rename and a rewrite are. A file that is away, empty, half written or
 * bad changes nothing.
 */
export function followFile<T>({ path, first, schema, onChange, onUnusable }: FollowedFile<T>) {
  let value = first;
  /** What `value` was read from; null: nobody knows. */
  let text: string | null = null;
  let mark: string | null = null;
  let lookedAt = -Infinity;
  let isUsable = true;

  function look(): void {
    const before = mark;
    mark = null;
    const { dev, ino, size, mtimeNs, mtimeMs } = statSync(path, { bigint: true });
    const now = [dev, ino, size, mtimeNs].join();
    // What is written from here on has another mark.
    if (Date.now() - Number(mtimeMs) > SETTLED_MS) mark = now;
    if (now === before) return;
    if (size > MOST_BYTES) throw new Error('it is larger than 1 MiB');
    take(readFileSync(path, 'utf8'));
  }

  function parse(found: string): T {
    const { data, error } = schema.safeParse(found);
    if (error) throw new Error(error.issues.map(({ message }) => message).join('; '));
    return data;
  }

  function take(found: string): void {
    const isNew = found !== text;
    if (isNew) value = parse(found);
    isUsable = true;
    if (isNew && text !== null) onChange?.(value);
    text = found;
  }

  return (isUrgent = false): T => {
    const now = performance.now();
    if (now - lookedAt < (isUrgent ? URGENT_LOOK_MS : LOOK_MS)) return value;
    lookedAt = now;
    try {
      look();
    } catch (error) {
      if (isUsable) onUnusable?.(error instanceof Error ? error.message : String(error));
      isUsable = false;
    }
    return value;
  };
}
