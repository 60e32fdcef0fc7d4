import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';

/** Installs the dependencies when there are none, or package-lock.json is not what was installed. */
export async function ensureInstalled(progress) {
  if (isInstalled(ROOT)) return;
  await progress.step('Installing the dependencies (npm ci)', async () => {
    try {
      const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefer-offline'];
      await runCommand('npm', args, { cwd: ROOT });
    } catch (error) {
      throw new Error(
        `${error.message}\nThe dependencies could not be installed. Check the network and npm's settings ` +
          `(npm config list), then run npm ci in ${ROOT} to see it in full.`,
        { cause: error },
      );
    }
  });
}

/**
 * The stamp of the last install is npm's own: node_modules/.package-lock.json, which npm writes when all is in place.
 * Packages for another platform are in the lock file alone, and marked optional.
 */
export function isInstalled(folder) {
  const wanted = packagesOf(join(folder, 'package-lock.json'));
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === null) throw new Error(`${join(folder, 'package-lock.json')} is missing or broken: get it from git.`);
  if (installed === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = installed[path];
    if (path === '' || (found === undefined && optional)) return true;
    return found !== undefined && found.version === version && found.integrity === integrity;
  });
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}
