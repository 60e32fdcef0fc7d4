import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isInstalled } from '../../scripts/lib/install.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const A = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };
const OPTIONAL = { 'node_modules/for-another-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true } };

/** A checkout with `wanted` in its lock file and `installed` in npm's record of the last install. */
function checkout({ wanted, installed }) {
  const folder = temporaryFolder();
  const write = (path, packages) => writeFileSync(join(folder, path), JSON.stringify({ packages }));
  write('package-lock.json', { '': { name: 'x' }, ...wanted });
  if (installed !== undefined) {
    mkdirSync(join(folder, 'node_modules'));
    write('node_modules/.package-lock.json', installed);
  }
  return folder;
}

it.each([
  ['what the lock file wants is installed', { wanted: A, installed: A }, true],
  ['only an optional package is missing', { wanted: { ...A, ...OPTIONAL }, installed: A }, true],
  ['there is no node_modules', { wanted: A }, false],
  ['an install was broken off', { wanted: A, installed: {} }, false],
  [
    'the lock file has changed since',
    { wanted: A, installed: { 'node_modules/a': { ...A['node_modules/a'], version: '0.9.0' } } },
    false,
  ],
])(
  '[M21] the dependencies count as installed only if they are what the lock file wants: %s',
  (_, folders, expected) => {
    expect(isInstalled(checkout(folders))).toBe(expected);
  },
);

it('[M21] a checkout without a lock file is a clear error', () => {
  expect(() => isInstalled(temporaryFolder())).toThrow('package-lock.json is missing or broken');
});

it('[C6] the lock file has every package for every platform, whatever platform it was written on', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isReachable(packages, path, name)),
  );
  expect(missing).toEqual([]);
});

/** As Node.js looks a package up: in its own node_modules, then in those of the folders above. */
function isReachable(packages, path, name) {
  if (packages[join(path, 'node_modules', name)] !== undefined) return true;
  if (path === '') return false;
  const above = path.lastIndexOf('node_modules/');
  return isReachable(packages, path.slice(0, Math.max(above - 1, 0)), name);
}
