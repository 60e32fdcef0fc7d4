import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url));

/** Below the time of a test, so that a lab that hangs still tells what it has printed. */
const WITHIN_MS = 400_000;
export const CHAOS_TIMEOUT = { timeout: 420_000 };

/** What `npm run chaos -- …args` printed, and how it ended. */
export function chaos(...args: string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...args], { timeout: WITHIN_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (child.exitCode ?? -1), output: stdout + stderr });
    });
  });
}
