import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

async function pages(): Promise<string[]> {
  const names = await readdir(join(ROOT, 'docs'));
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

const FROM_TESTS = /'\.\.\/(?=helpers\/)/;

/** Each block that is a test, as a module of its own, named for the line that it starts in. */
async function writeTests(folder: string): Promise<number> {
  let count = 0;
  for (const page of await pages()) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const { 1: code = '', index } of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      if (!FROM_TESTS.test(code)) continue;
      const line = text.slice(0, index).split('\n').length + 1;
      const name = `${page.replace(/\W/g, '-')}-${line}.ts`;
      await writeFile(join(folder, name), `${code.replace(FROM_TESTS, `'${ROOT}test/`)}\nexport {};\n`);
      count++;
    }
  }
  return count;
}

test(
  '[M22] a TypeScript block of the docs that is a test compiles in test/; test/package compiles the others',
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
    expect(await writeTests(folder)).toBeGreaterThan(0);
    const { stdout } = await promisify(execFile)(process.execPath, [TSC, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  },
);
