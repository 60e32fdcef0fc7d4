import { join } from 'node:path';
import { ensureBuilt } from '../build.mjs';
import { ensureInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { DATA_FOLDER } from './paths.mjs';

/**
 * Installs and builds what is missing. Copies of one checkout share both, so one of them does it at a time.
 *
 * @param {import('./progress.mjs').Progress} progress
 * @param {{ build: boolean, programs?: boolean }} options `programs`: also the fault lab and the bench
 */
export async function prepare(progress, { build, programs = false }) {
  const onWait = (pid) => progress.say(`  Waiting for process ${pid}, which installs or builds this checkout.`);
  await withLock(join(DATA_FOLDER, 'setup.lock'), onWait, async () => {
    await ensureInstalled(progress);
    if (build) await ensureBuilt(progress, { programs });
  });
}
