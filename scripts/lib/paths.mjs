import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where this checkout keeps what it makes at run time; git-ignored. */
export const DATA_FOLDER = join(ROOT, '.data');

/** What all checkouts of this user share (XDG Base Directory Specification). */
export function cacheFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'durable-external-api');
}
