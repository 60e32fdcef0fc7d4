import type { Progress } from '#scripts/lib/progress.mjs';
import type { JudgedAim } from './figures.ts';
import type { Table } from './report.ts';
import type { Stack } from './stack.ts';

export interface SectionContext {
  stack: Stack;
  quick: boolean;
  progress: Progress;
}

/** What a section measured: a table, its aims, and more for programs. */
export interface SectionResult extends Table {
  aims: readonly JudgedAim[];
}

export type Section = (context: SectionContext) => Promise<SectionResult>;
