import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 over the names and contents of `paths` (files, or folders with all below them), relative to `root`. */
export function hashFiles(root, paths) {
  const hash = createHash('sha256');
  const files = paths.flatMap((path) => filesUnder(root, path)).toSorted();
  for (const file of files) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesUnder(root, path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesUnder(root, join(path, name)));
}
