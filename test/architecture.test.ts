import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { importsOf, packageOf } from '#scripts/lib/imports.mjs';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What the files of a folder may import: folders of src/, and npm packages where the list is closed. */
const ARROWS: Record<string, { folders: string[]; packages?: string[] }> = {
  contract: { folders: [], packages: [] },
  endings: { folders: ['contract'], packages: ['@temporalio/common'] },
  workflows: { folders: ['contract', 'endings'], packages: ['@temporalio/workflow', '@temporalio/common'] },
  redis: { folders: [] },
  'call-budget': { folders: ['contract', 'redis'] },
  provider: { folders: ['contract', 'call-budget', 'profile', 'redis'] },
  profile: { folders: ['contract'], packages: ['yaml', 'zod'] },
  callbacks: { folders: ['contract', 'profile', 'provider'], packages: [] },
  deliveries: { folders: ['contract', 'callbacks', 'provider'], packages: [] },
  client: { folders: ['contract', 'endings', 'callbacks'] },
  answers: { folders: ['contract', 'redis'] },
  polling: { folders: ['contract', 'provider', 'redis'] },
  submit: { folders: ['contract', 'provider', 'callbacks'] },
  observability: { folders: ['contract', 'call-budget', 'provider'] },
  activities: {
    folders: ['contract', 'submit', 'polling', 'answers', 'provider', 'client', 'callbacks', 'deliveries'],
  },
  gateway: { folders: ['contract', 'client', 'callbacks', 'observability', 'redis'] },
  config: { folders: ['contract', 'profile', 'callbacks'] },
  worker: {
    folders: [
      'contract',
      'redis',
      'call-budget',
      'profile',
      'provider',
      'answers',
      'polling',
      'submit',
      'deliveries',
      'activities',
      'observability',
      'config',
      'client',
      'callbacks',
    ],
  },
  'fake-provider': { folders: [] },
  testing: { folders: ['contract', 'workflows', 'client', 'fake-provider', 'config', 'provider', 'worker'] },
  cli: {
    folders: [
      'contract',
      'profile',
      'provider',
      'call-budget',
      'polling',
      'submit',
      'answers',
      'observability',
      'activities',
      'worker',
      'client',
      'gateway',
      'config',
      'fake-provider',
      'redis',
    ],
  },
};

interface SourceFile {
  /** Relative to src/. */
  path: string;
  folder: string;
  text: string;
  /** Relative to src/. */
  files: string[];
  /** Those of `files` that are there at run time: `import type` leaves nothing. */
  loads: string[];
  packages: string[];
}

const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(join(SRC, path), 'utf8');
  const imports = importsOf(text);
  const own = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, erased }) => ({ file: normalize(join(dirname(path), specifier)), erased }));
  return {
    path,
    folder: folderOf(path),
    text,
    files: own.map(({ file }) => file),
    loads: own.filter(({ erased }) => !erased).map(({ file }) => file),
    packages: imports
      .filter(({ specifier }) => !/^(\.|node:)/.test(specifier))
      .map(({ specifier }) => packageOf(specifier)),
  };
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

it('[C6] every folder of src/ has its place in the architecture', () => {
  expect(new Set(SOURCES.map(({ folder }) => folder))).toEqual(new Set(Object.keys(ARROWS)));
});

it.each(Object.entries(ARROWS))(
  '[C6] src/%s imports what the architecture lets it',
  (folder, { folders, packages }) => {
    const sources = SOURCES.filter((source) => source.folder === folder);
    const foreign = sources.flatMap(({ path, files }) =>
      files.filter((file) => ![folder, ...folders].includes(folderOf(file))).map((file) => `${path} imports ${file}`),
    );
    const outside = sources.flatMap((source) =>
      source.packages
        .filter((name) => packages?.includes(name) === false)
        .map((name) => `${source.path} imports ${name}`),
    );
    expect([...foreign, ...outside]).toEqual([]);
  },
);

it('[C6] the provider client knows nothing of Temporal', () => {
  const knowing = SOURCES.filter(({ folder, packages }) => folder === 'provider' && packages.some(isTemporal));
  expect(knowing.map(({ path }) => path)).toEqual([]);
});

function isTemporal(name: string): boolean {
  return name.startsWith('@temporalio/');
}

it('[M8] only src/config reads the environment, and the client what gRPC reads there of proxies', () => {
  const reading = SOURCES.filter(({ folder, text }) => folder !== 'config' && /\bprocess\.env\b/.test(text));
  expect(reading.map(({ path }) => path)).toEqual(['client/temporal-channel.ts']);
});

it.each(['src', 'test', 'lab', 'bench'])(
  '[C6] no file of %s/ is longer than 300 lines: it has two subjects',
  (folder) => {
    const root = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    const long = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.m?[jt]s$/.test(path))
      .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  },
);

it('[C6] no file imports itself through others', () => {
  expect(findCycle(new Map(SOURCES.map(({ path, loads }) => [path, loads])))).toBeNull();
});

/** The first cycle as a chain of paths. */
function findCycle(imports: ReadonlyMap<string, readonly string[]>): string | null {
  const done = new Set<string>();
  const visit = (path: string, chain: readonly string[]): string | null => {
    if (chain.includes(path)) return [...chain.slice(chain.indexOf(path)), path].join(' → ');
    if (done.has(path)) return null;
    for (const next of imports.get(path) ?? []) {
      const cycle = visit(next, [...chain, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of imports.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
