import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { prepare } from '../../scripts/lib/prepare.mjs';
import { createProgress } from '../../scripts/lib/progress.mjs';
import { ensureTemporalBinary, startTemporalServer } from '../../scripts/temporal-server.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the run's own Temporal server, in memory. */
    temporalAddress: string;
    /** Path of the `temporal` executable, for tests that start a server of their own. */
    temporalBinary: string;
    workflowBundlePath: string;
  }
}

/** Before the first test that needs it: builds, and starts the Temporal server that those tests share. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = createProgress();
  await prepare(progress, { build: true });
  const binary = await ensureTemporalBinary({ progress });
  const folder = await mkdtemp(join(tmpdir(), 'test-temporal-'));
  const server = await startTemporalServer({ binary, logFile: join(folder, 'temporal.log') });
  project.provide('temporalAddress', server.address);
  project.provide('temporalBinary', binary);
  project.provide('workflowBundlePath', fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)));
  return async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  };
}
