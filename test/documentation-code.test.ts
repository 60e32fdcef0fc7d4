import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** What a block may use without saying where it comes from. */
const PRELUDE = `
import type { ExternalApiClient as Client } from 'durable-external-api';
declare global {
  const ExternalApiClient: typeof Client;
  const client: Client;
  const requestId: string;
  const failedId: string;
  const pino: typeof import('pino').pino;
  const temporalRetries: { inc(labels: Record<string, string | number>): void };
}
`;

async function pages(): Promise<string[]> {
  const names = await readdir(join(ROOT, 'docs'));
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

/** Every block as a module of its own, named for the line that it starts in; inside the package, whose name it imports. */
async function writeBlocks(folder: string): Promise<number> {
  let count = 0;
  for (const page of await pages()) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const { 1: code = '', index } of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      const line = text.slice(0, index).split('\n').length + 1;
      const name = `${page.replace(/\W/g, '-')}-${line}.ts`;
      // A block that is a test stands in a folder of test/.
      await writeFile(join(folder, name), `${code.replace(/'\.\.\/(?=helpers\/)/, `'${ROOT}test/`)}\nexport {};\n`);
      count++;
    }
  }
  return count;
}

test(
  '[M22][C4] every TypeScript block of README and docs compiles against the package',
  { timeout: 120_000 },
  async () => {
    await mkdir(join(ROOT, 'dist'), { recursive: true });
    const folder = await mkdtemp(join(ROOT, 'dist/docs-code-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const compilerOptions = { composite: false, noEmit: true, noUnusedLocals: false, types: ['node'] };
    const imports = { allowJs: true, allowImportingTsExtensions: true, rewriteRelativeImportExtensions: false };
    const tsconfig = {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: { ...compilerOptions, ...imports, rootDir: ROOT },
      // The second has the types of what vitest hands to tests.
      include: ['*.ts', join(ROOT, 'test/helpers/global-setup.ts')],
      exclude: [],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await writeFile(join(folder, 'prelude.d.ts'), PRELUDE);
    expect(await writeBlocks(folder)).toBeGreaterThan(8);
    const { stdout } = await promisify(execFile)(process.execPath, [TSC, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  },
);
