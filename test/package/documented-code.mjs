import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';

/** What a block may take as given. Its own names go first: it is in a function. */
const GIVEN = `
import { pino } from 'pino';
declare const client: import('durable-external-api').ExternalApiClient;
declare const requestId: string;
declare const failedId: string;
declare const temporalRetries: { inc(labels: Record<string, unknown>): void };
`;

const CLIENT = "import { ExternalApiClient } from 'durable-external-api';";

function asModule(code) {
  const imports = Array.from(code.matchAll(/^import [^;]*;/gm), ([all]) => all);
  const own = imports.some((line) => /\bExternalApiClient\b/.test(line)) ? [] : [CLIENT];
  const rest = code.replace(/^import [^;]*;/gm, '');
  return [...imports, ...own, GIVEN, 'export async function block(): Promise<void> {', rest, '}'].join('\n');
}

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
      writeFileSync(file, asModule(code));
      files.push(file);
    }
  }
  return files;
}
