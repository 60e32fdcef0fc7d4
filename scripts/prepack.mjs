import './lib/node-version.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_MODULES, makeClientPackage } from './lib/client-package.mjs';
import { writeCommonJsEntry } from './lib/commonjs-entry.mjs';
import { DATA_FOLDER, ROOT } from './lib/paths.mjs';
import { prepare } from './lib/prepare.mjs';
import { createProgress } from './lib/progress.mjs';

// What `npm pack` runs before it packs this checkout. It leaves the client's package in a folder, to be packed next.
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const progress = createProgress(process.stderr);
try {
  await prepare(progress, { build: true });
  const own = Object.values(exports).flatMap(({ import: module }) => (module ? [module.default] : []));
  for (const path of [...own, ...CLIENT_MODULES]) await writeCommonJsEntry(join(ROOT, path));
  makeClientPackage(ROOT, join(DATA_FOLDER, 'client-package'));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
