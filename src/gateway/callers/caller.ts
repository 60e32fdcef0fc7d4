import type { Refusal } from './refusals.ts';

/** Who somebody is, or why nobody knows. */
export type Caller = { tenant: string } | { refusal: Refusal; cause?: Error };
