import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from './lock.mjs';

/**
 * Takes `folder` for this process, or a folder in it when another copy of this checkout uses it already.
 *
 * @returns {{ path: string, release: () => void }}
 */
export function openDataFolder(folder, say) {
  for (let copy = 1; ; copy += 1) {
    const path = copy === 1 ? folder : join(folder, `copy-${copy}`);
    const lock = tryLock(join(path, 'in-use.lock'));
    if (!('heldBy' in lock)) {
      if (copy > 1) say(`  This copy keeps its own requests, in ${path}.`);
      return { path, release: lock.release };
    }
    say(`  ${path} is in use by process ${lock.heldBy}.`);
  }
}

/** The demo's key for the gateway, made once per data folder, and its SHA-256 in hex. */
export function gatewayKey(dataFolder) {
  const file = join(dataFolder, 'gateway-key');
  mkdirSync(dataFolder, { recursive: true });
  try {
    writeFileSync(file, `demo_${randomBytes(24).toString('base64url')}`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const key = readFileSync(file, 'utf8').trim();
  return { key, sha256: createHash('sha256').update(key).digest('hex') };
}

/**
 * A Temporal client configuration that sets nothing, for our own server: the user's could ask for TLS.
 *
 * @param {string} dataFolder
 * @returns {string} its path, for TEMPORAL_CONFIG_FILE
 */
export function emptyTemporalConfig(dataFolder) {
  const file = join(dataFolder, 'temporal.toml');
  writeFileSync(file, '[profile.default]\n');
  return file;
}
