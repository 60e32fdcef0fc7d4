import { TemporalUnavailableError } from '../client/errors.ts';
import type { ExternalApiClient } from '../client/external-api-client.ts';
import { checkResolution } from '../client/resolution-input.ts';
import type { Decision } from '../contract/request.ts';
import { EXIT, exitCodeOf, messageOf, type ExitCode } from './exit.ts';
import { print, printLine, tell, type OutputOptions } from './output.ts';
import { unknownOutcomes, type Selection, type UnknownOutcome } from './unknown-outcomes.ts';

/** An adoption is about one id, so it cannot be made for all. */
export type BulkDecision = Exclude<Decision, 'adopt'>;

export interface Bulk extends Selection {
  decision: BulkDecision;
  by: string;
  reason: string;
  /** False: only tell what would be decided. */
  yes: boolean;
}

/** What became of one request: `planned` in a dry run, `unclear` when nobody said whether the decision was taken. */
interface Entry extends UnknownOutcome {
  outcome: 'planned' | 'decided' | 'refused' | 'unclear';
  /** Why it was refused, or is unclear. */
  error: unknown;
}

/** Decides all, or tells what would be decided. Prints what became of each. */
export async function resolveAll(client: ExternalApiClient, bulk: Bulk, output: OutputOptions): Promise<ExitCode> {
  checkResolution(bulk);
  const entries: Entry[] = [];
  let stopped: unknown = null;
  try {
    for await (const entry of decisions(client, bulk, new Date())) {
      entries.push(entry);
      printLine(lineOf(entry, bulk), output);
      if (entry.outcome === 'unclear') throw entry.error;
    }
  } catch (error) {
    if (entries.length === 0) throw error;
    // What was decided before is told all the same.
    stopped = error;
  }
  print({ decision: bulk.decision, dry_run: !bulk.yes, requests: entries.map(entryToWire) }, null, output);
  const count = (outcome: Entry['outcome']): number => entries.filter((entry) => entry.outcome === outcome).length;
  tell(bulk.yes ? `${count('decided')} decided, ${count('refused')} refused.` : dryRunText(entries.length));
  if (stopped === null) return count('refused') > 0 ? EXIT.failed : EXIT.ok;
  tell(`error: ${messageOf(stopped)}`);
  return exitCodeOf(stopped);
}

/** One after the other; a refusal does not stop the rest. After an unclear one, further waits would be in vain. */
export async function* decisions(
  client: ExternalApiClient,
  { decision, by, reason, yes, ...selection }: Bulk,
  now: Date,
): AsyncGenerator<Entry> {
  for await (const found of unknownOutcomes(client, selection, now)) {
    if (yes) {
      const decided = client.resolve(found.requestId, { decision, by, reason });
      yield await decided.then(
        (): Entry => ({ ...found, outcome: 'decided', error: null }),
        (error: unknown): Entry => ({ ...found, outcome: outcomeAfter(error), error }),
      );
    } else yield { ...found, outcome: 'planned', error: null };
  }
}

function outcomeAfter(error: unknown): Entry['outcome'] {
  return error instanceof TemporalUnavailableError ? 'unclear' : 'refused';
}

function lineOf({ requestId, tenant, unknownSince, outcome, error }: Entry, { decision }: Bulk): string {
  const what = { planned: `would ${decision}`, decided: decision, refused: 'refused', unclear: 'unclear' }[outcome];
  const why = error === null ? '' : `: ${messageOf(error)}`;
  return `${requestId}  ${tenant}  unknown since ${unknownSince}  ${what}${why}`;
}

function dryRunText(count: number): string {
  if (count === 0) return 'No outcome has been unknown for that long.';
  return `Dry run: nothing was decided. --yes decides ${count === 1 ? 'this request' : `these ${count} requests`}.`;
}

function entryToWire({ requestId, tenant, unknownSince, outcome, error }: Entry) {
  return {
    request_id: requestId,
    tenant,
    unknown_since: unknownSince,
    outcome,
    error: error instanceof Error ? { type: error.name, message: messageOf(error) } : null,
  };
}
