import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';

/** What a block that goes on from an earlier one has of it. */
const BEFORE = `import { ExternalApiClient, type RequestHandle } from 'durable-external-api';
declare const client: ExternalApiClient;
declare const handle: RequestHandle;
declare const requestId: string;
declare const failedId: string;
`;

/**
 * Writes each block of TypeScript in README and docs to a file of its own, but for the tests of this checkout, which are
 * compiled where they are.
 *
 * @returns {string[]} their paths
 */
export function writeBlocks(folder) {
  mkdirSync(folder);
  const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))];
  const files = [];
  for (const page of pages.filter((path) => path.endsWith('.md'))) {
    const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms);
    for (const [, code] of blocks) {
      if (code.includes("from '../")) continue;
      const file = join(folder, `${basename(page, '.md')}-${files.length}.mts`);
      writeFileSync(file, /^import /m.test(code) ? code : `${BEFORE}${code}`);
      files.push(file);
    }
  }
  return files;
}
