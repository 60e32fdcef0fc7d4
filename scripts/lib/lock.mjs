import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Paths of the locks that this process holds. */
const held = new Set();

/**
 * Takes the lock file `path`, which holds the pid of its owner. A lock whose owner has died is taken over.
 *
 * @returns {{ release: () => void } | { heldBy: number }}
 */
export function tryLock(path) {
  if (held.has(path)) return { heldBy: process.pid };
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (;;) {
      try {
        linkSync(own, path); // Unlike a write, it fails when the file exists and never shows it half written.
        held.add(path);
        return { release: () => release(path) };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const heldBy = ownerOf(path);
      if (heldBy !== null && isAlive(heldBy)) return { heldBy };
      removeStale(path, own, heldBy);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function release(path) {
  held.delete(path);
  rmSync(path, { force: true });
}

/** Runs `work` under the lock; `onWait` is told once which process is waited for. */
export async function withLock(path, onWait, work) {
  let lock = tryLock(path);
  if ('heldBy' in lock) onWait(lock.heldBy);
  while ('heldBy' in lock) {
    await delay(200);
    lock = tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

// Another process may have taken the stale lock over since we looked: what we moved away is put back then.
function removeStale(path, own, staleOwner) {
  const aside = `${own}.stale`;
  try {
    renameSync(path, aside);
    if (ownerOf(aside) !== staleOwner) linkSync(aside, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function ownerOf(path) {
  try {
    return Number(readFileSync(path, 'utf8')) || null;
  } catch {
    return null;
  }
}

/** Our own pid, in a lock that we do not hold, is that of an earlier process: pids are few in a container. */
function isAlive(pid) {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
