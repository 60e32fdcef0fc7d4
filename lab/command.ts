import type { Progress } from '#scripts/lib/progress.mjs';
import type { ChaosOptions } from './options.ts';

/** What each of the lab's commands gets. */
export interface CommandInput {
  options: ChaosOptions;
  /** For logs and databases. */
  folder: string;
  /** The `temporal` executable. */
  binary: string;
  progress: Progress;
}

/** What it comes to: for people, as data, and whether all came as it must. */
export interface CommandResult {
  text: string;
  passed: boolean;
  data: object;
}
