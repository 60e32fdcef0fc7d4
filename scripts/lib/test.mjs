import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTemporalBinary } from '../temporal-server.mjs';
import { ROOT } from './paths.mjs';
import { prepare } from './prepare.mjs';
import { createProgress } from './progress.mjs';
import { ensureRedisServer } from './redis-server.mjs';

/**
 * `npm test`: installs, finds a Temporal server and a Redis server, and runs vitest with `args`. The last line is `N passed, N failed`.
 *
 * @returns {Promise<number>} the exit code: not 0 when a test failed, or none was run
 */
export async function main(args) {
  const progress = createProgress();
  try {
    // What takes minutes the first time comes before vitest, which would show nothing of it.
    await prepare(progress, { build: false });
    await ensureTemporalBinary({ progress });
    await ensureRedisServer(progress);
  } catch (error) {
    console.error(error.message);
    console.log('0 passed, 0 failed');
    return 1;
  }

  const folder = mkdtempSync(join(tmpdir(), 'durable-external-api-test-'));
  const summaryFile = join(folder, 'summary.json');
  const exitCode = await runVitest(args, { ...process.env, TEST_SUMMARY_FILE: summaryFile });
  const { passed, failed } = readSummary(summaryFile);
  rmSync(folder, { recursive: true, force: true });
  if (passed + failed === 0) console.error('No test was run.');
  console.log(`${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0 ? exitCode : 1;
}

/** In our process group, so that Ctrl-C reaches it. */
function runVitest(args, env) {
  return new Promise((resolve) => {
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', ...args], { cwd: ROOT, env, stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Written by test/helpers/requirements-reporter.ts at the end of a run. */
function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0 };
  }
}
