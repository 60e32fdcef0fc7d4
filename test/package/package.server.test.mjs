import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeBlocks } from './documented-code.mjs';
import { scratchProject } from './scratch-project.mjs';

// To install takes some ten seconds, and longer beside other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let project;
beforeAll(async () => (project = await scratchProject()));
afterAll(() => project?.remove());

const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };

let compilation;
const compiled = () =>
  (compilation ??= Promise.all([
    project.compile(7, NODENEXT, ['module.mts', 'commonjs.cts']),
    // The declarations of Temporal's worker fail under some versions of @types/node.
    project.compile(7, { ...NODENEXT, skipLibCheck: true }, ['both.mts']),
  ]));

const output = async (file) => {
  await compiled();
  const { stdout, stderr } = await project.run('node', file);
  // A warning would show in every start of a service.
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

it('[C6] the client alone brings at most 60 MB, and npm warns of nothing', () => {
  expect(project.client.bytes).toBeLessThanOrEqual(60_000_000);
  // Newer npm names every package with an install script, whoever wants it: protobufjs has one, which does nothing.
  const warnings = project.client.said.match(/^npm warn (?!install-scripts).*/gm);
  expect(warnings).toBeNull();
  expect(existsSync(project.path('node_modules/@temporalio/core-bridge'))).toBe(false);
});

it.each([
  // TypeScript 7 has no node10, and takes a fifth of the time to check all declarations.
  [5, 'node10', { module: 'commonjs', skipLibCheck: true }, ['commonjs.cts']],
  [7, 'node16', { module: 'node16' }, ['module.mts', 'commonjs.cts']],
  [7, 'bundler', { module: 'preserve' }, ['module.mts', 'commonjs.cts']],
])(
  '[C4] TypeScript %i finds the types of the client under `moduleResolution: %s`',
  async (typescript, moduleResolution, options, files) => {
    await project.compile(typescript, { ...options, moduleResolution, noEmit: true }, files);
  },
);

it('[C4] under `moduleResolution: nodenext` both packages have their types; a text that is no duration does not compile', async () => {
  await compiled();
});

it('[M22] every block of TypeScript in README and docs compiles as a service has it', async () => {
  const files = writeBlocks(project.path('docs'));
  expect(files.length).toBeGreaterThan(8);
  await project.compile(7, { ...NODENEXT, skipLibCheck: true, noEmit: true }, files);
});

it('[C4] a module uses the client', async () => {
  expect(await output('module.mjs')).toEqual({
    seen: 'APIRateLimitError true',
    refused: expect.stringContaining('deadline: must be milliseconds above 0'),
    known: [7, 'banana', true],
  });
});

it('[C4] CommonJS uses the client, without a warning, and shares its classes with modules', async () => {
  expect(await output('commonjs.cjs')).toEqual({ seen: 'APIRateLimitError true', bad: 'banana', oneCopy: true });
});

it('[C4] errors of one copy of the package are of the classes of another', async () => {
  expect(await output('both.mjs')).toEqual({
    twoCopies: true,
    limited: [true, true, true, true],
    others: [false, false, false, false],
    missing: [true, false],
    has: ['function', 'function', true, true],
  });
});

it.each(['durable-external-api', 'durable-external-api-client'])(
  '[M22] %s has its documentation, and its maps lead to sources that are in it',
  (name) => {
    const at = (...parts) => project.path('node_modules', name, ...parts);
    expect(existsSync(at('README.md'))).toBe(true);
    expect(existsSync(at('docs/client.md'))).toBe(true);
    const maps = readdirSync(at('dist'), { recursive: true }).filter((path) => path.endsWith('.map'));
    expect(maps).toContain(join('client', 'index.d.ts.map'));
    const lost = maps.flatMap((path) => {
      const { sources, sourceRoot = '' } = JSON.parse(readFileSync(at('dist', path), 'utf8'));
      return sources.filter((source) => !existsSync(join(at('dist', dirname(path)), sourceRoot, source)));
    });
    expect(lost).toEqual([]);
  },
);

it('[N13] the package has the shipped profiles, and their JSON Schema for editors', async () => {
  const at = (...parts) => project.path('node_modules/durable-external-api', ...parts);
  const { stdout } = await project.run('node', at('dist/cli/main.js'), 'provider', 'list');
  const { profiles } = JSON.parse(stdout);
  expect(profiles.length).toBeGreaterThan(12);
  for (const { path } of profiles) expect(existsSync(path)).toBe(true);
  expect(existsSync(at('dist/profile/provider.schema.json'))).toBe(true);
  // The documentation names them.
  for (const name of ['sigv4-worker.ts', 'textract.yaml', 'key-pair-jwt-worker.ts', 'snowflake-key-pair.yaml'])
    expect(existsSync(at('examples', name))).toBe(true);
});
