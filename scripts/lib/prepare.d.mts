import type { Progress } from './progress.mjs';

/** Installs and, if asked to, builds what is missing. */
export function prepare(progress: Progress, options: { build: boolean }): Promise<void>;
