import { TemporalUnavailableError } from '../client/client-errors.ts';
import { EXIT, exitCodeOf, messageOf, type ExitCode } from './exit.ts';
import { print, printLine, tell, type OutputOptions } from './output.ts';

/** What became of one request of many. `planned` in a dry run; `unclear` when nobody said whether it was done. */
export interface BulkEntry<Done extends string> {
  outcome: 'planned' | 'refused' | 'unclear' | Done;
  /** Why it was refused, or is unclear. */
  error: unknown;
}

/** How a command that does one thing to many requests tells of them. */
export interface BulkOutput<Entry> {
  /** Nothing is done, so that nothing fails. */
  dryRun: boolean;
  line(entry: Entry): string;
  document(entries: readonly Entry[]): object;
  summary(entries: readonly Entry[]): string;
}

/** Tells of each as it is done, and of all at the end. After an unclear one, further tries would be in vain. */
export async function tellOfEach<Entry extends BulkEntry<string>>(
  entries: AsyncIterable<Entry>,
  { dryRun, line, document, summary }: BulkOutput<Entry>,
  output: OutputOptions,
): Promise<ExitCode> {
  const told: Entry[] = [];
  let stopped: unknown = null;
  try {
    for await (const entry of entries) {
      told.push(entry);
      printLine(line(entry), output);
      if (entry.outcome === 'unclear') throw entry.error;
    }
  } catch (error) {
    if (told.length === 0) throw error;
    // What was done before is told all the same.
    stopped = error;
  }
  print({ ...document(told), dry_run: dryRun }, null, output);
  tell(summary(told));
  if (stopped === null) return !dryRun && countOf(told, 'refused') > 0 ? EXIT.failed : EXIT.ok;
  tell(`error: ${messageOf(stopped)}`);
  return exitCodeOf(stopped);
}

export function countOf(entries: readonly BulkEntry<string>[], outcome: string): number {
  return entries.filter((entry) => entry.outcome === outcome).length;
}

/** A refusal does not stop the rest. */
export function outcomeAfter(error: unknown): 'refused' | 'unclear' {
  return error instanceof TemporalUnavailableError ? 'unclear' : 'refused';
}

export function refusalToWire(error: unknown) {
  return error instanceof Error ? { type: error.name, message: messageOf(error) } : null;
}

/** `this request`, `these 12 requests`. */
export function these(count: number): string {
  return count === 1 ? 'this request' : `these ${count} requests`;
}
