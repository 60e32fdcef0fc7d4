/** The most of `times` in any window of `windowMs`: what a provider counts. */
export function worstWindow(times: readonly number[], windowMs: number): number;
