import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { removeOrphans } from '../../scripts/lib/remove-orphans.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

test('[C6] what was compiled from a file that is gone goes, too, and nothing else', () => {
  const folder = temporaryFolder();
  const write = (name) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  };
  const kept = [
    'out/cli/new.js',
    'out/cli/new.d.ts',
    'out/cli/new.js.map',
    'out/lab/main.js',
    'out/bundle.js',
    'out/.stamp',
  ];
  const gone = [
    'out/cli/old.js',
    'out/cli/old.d.ts',
    'out/cli/old.js.map',
    'out/cli/old.d.ts.map',
    'out/cli/old.cjs',
    'out/removed/x.js',
  ];
  for (const name of ['src/cli/new.ts', ...kept, ...gone]) write(name);
  removeOrphans(join(folder, 'out'), join(folder, 'src'), ['lab', 'bundle.js']);
  expect([...kept, ...gone].filter((name) => existsSync(join(folder, name)))).toEqual(kept);
});
