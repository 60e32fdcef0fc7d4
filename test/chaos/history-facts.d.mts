import type { HistoryFacts } from './checker.mjs';

interface History {
  events?: readonly object[] | null;
}

export function factsOf(history: History): HistoryFacts;
