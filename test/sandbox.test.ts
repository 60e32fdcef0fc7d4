import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What replay would break, each as a file of src/workflows. */
const FORBIDDEN = {
  fetch: `export const call = () => fetch('http://127.0.0.1');`,
  process: `export const read = () => process.env;`,
  setTimeout: `export const wait = () => setTimeout(() => {}, 1);`,
  'a node module': `export { readFile } from 'node:fs/promises';`,
  'an activity': `export { createActivities } from '../activities/index.ts';`,
};
const ALLOWED = `export const wait = () => new Promise((resolve) => resolve(null));`;

let folder: string;
let output: string;

beforeAll(async () => {
  await mkdir(join(ROOT, '.data'), { recursive: true });
  folder = await mkdtemp(join(ROOT, '.data', 'sandbox-')); // In the checkout, where node_modules is found.
  for (const path of ['tsconfig.base.json', 'src/contract', 'src/endings', 'src/workflows']) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true });
  }
  await mkdir(join(folder, 'src/activities'));
  await writeFile(join(folder, 'src/activities/index.ts'), 'export const createActivities = () => null;\n');
  const files = { ...FORBIDDEN, 'what is allowed': ALLOWED };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, fileOf(name)), `${text}\n`);
  output = await compile(join(folder, 'src/workflows'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it.each(Object.keys(FORBIDDEN))('[C1] a workflow file that uses %s does not compile', (name) => {
  expect(output).toContain(`${fileOf(name)}(1,`);
});

it('[C1] a workflow file that uses the language alone compiles', () => {
  expect(output).not.toContain(fileOf('what is allowed'));
});

function fileOf(name: string): string {
  return `src/workflows/uses-${name.replaceAll(' ', '-')}.ts`;
}

/** The compiler's messages, each `file(line,column): error …`. */
function compile(project: string): Promise<string> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-b', project, '--pretty', 'false'], { cwd: folder }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}
