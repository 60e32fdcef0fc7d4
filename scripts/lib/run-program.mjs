import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './paths.mjs';
import { prepare } from './prepare.mjs';
import { killAll } from './process-registry.mjs';
import { createProgress } from './progress.mjs';
import { ensureRedisServer } from './redis-server.mjs';
import { stopRequested } from './stop-signals.mjs';

/**
 * Builds one of our programs, obtains the Redis that it starts, and runs it in this process until it ends or we are asked to stop. Nothing that it started
 * is left.
 *
 * @param {'lab' | 'bench'} name its folder
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function runProgram(name, args) {
  process.stdout.on('error', () => {}); // The terminal may go before we do.
  const progress = createProgress();
  try {
    return await Promise.race([buildAndRun(name, args, progress), stopRequested()]);
  } catch (error) {
    progress.say(`\n${error.message}`);
    return error.exitCode ?? 1;
  } finally {
    killAll();
  }
}

async function buildAndRun(name, args, progress) {
  await prepare(progress, { build: true, programs: true });
  await ensureRedisServer(progress);
  const { main } = await import(pathToFileURL(join(ROOT, 'dist', name, 'main.js')).href);
  return await main(args, progress);
}
