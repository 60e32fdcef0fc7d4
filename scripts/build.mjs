import './lib/node-version.mjs';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hashFiles } from './lib/hash-files.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { ROOT } from './lib/paths.mjs';
import { createProgress } from './lib/progress.mjs';
import { removeOrphans } from './lib/remove-orphans.mjs';
import { runCommand } from './lib/run-command.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.build-stamp.json');

/** What the worker loads: workflows and all that they import, in one file. */
export const WORKFLOW_BUNDLE = join(DIST, 'workflow-bundle.js');

/** A provider profile, as editors check it. */
const PROFILE_SCHEMA = join(DIST, 'profile', 'provider.schema.json');

const WORKFLOWS = join(DIST, 'workflows', 'index.js');

const compile = (...projects) =>
  runCommand(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', ...projects], { cwd: ROOT });

async function shipProfiles() {
  const target = join(DIST, 'profile', 'profiles');
  rmSync(target, { recursive: true, force: true });
  cpSync(join(ROOT, 'src/profile/profiles'), target, { recursive: true });
  const { profileJsonSchema } = await import(pathToFileURL(join(DIST, 'profile/json-schema.js')).href);
  writeFileSync(PROFILE_SCHEMA, `${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
}

/** What is in dist/ besides the compiled src/. */
const OTHERS = ['workflow-bundle.js', 'examples', 'lab', 'bench', 'test', 'scripts'];

/** Each with what it depends on and one file that it makes. It is skipped when none of that changed. */
const STEPS = [
  {
    title: 'Compiling',
    inputs: ['src', 'examples', 'tsconfig.base.json', 'package-lock.json'],
    output: join(DIST, 'contract', 'names.js'),
    run: () => {
      removeOrphans(DIST, join(ROOT, 'src'), OTHERS);
      return compile('src', 'examples');
    },
  },
  {
    title: 'Shipping the provider profiles',
    inputs: ['src/profile', 'package-lock.json'],
    output: PROFILE_SCHEMA,
    run: shipProfiles,
  },
  {
    title: 'Bundling the workflows',
    inputs: ['src/contract', 'src/endings', 'src/workflows', 'package-lock.json', 'scripts/lib/bundle-workflows.mjs'],
    output: WORKFLOW_BUNDLE,
    run: () =>
      runCommand(process.execPath, [
        join(ROOT, 'scripts/lib/bundle-workflows.mjs'),
        WORKFLOWS,
        WORKFLOW_BUNDLE,
        WORKFLOWS,
      ]),
  },
];

/** No part of the product: the container image and `npm start` go without them. */
const PROGRAMS_STEP = {
  title: 'Compiling the fault lab and the bench',
  inputs: ['lab', 'bench', 'src', 'scripts', 'tsconfig.base.json', 'package.json', 'package-lock.json'],
  output: join(DIST, 'lab', 'main.js'),
  run: () => compile('lab', 'bench'),
};

/**
 * Compiles src/ and bundles the workflows into dist/, as far as anything changed.
 *
 * @param {import('./lib/progress.mjs').Progress} progress
 * @param {{ programs?: boolean }} [options] `programs`: also the fault lab and the bench
 */
export async function ensureBuilt(progress, { programs = false } = {}) {
  const stamps = readStamps();
  for (const { title, inputs, output, run } of programs ? [...STEPS, PROGRAMS_STEP] : STEPS) {
    const stamp = hashFiles(ROOT, inputs);
    if (stamps[title] === stamp && existsSync(output)) continue;
    await progress.step(title, run);
    stamps[title] = stamp;
    writeFileSync(STAMP, JSON.stringify(stamps));
  }
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const progress = createProgress();
    await ensureInstalled(progress);
    await ensureBuilt(progress);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
