import type { ExternalApiClient } from '../client/external-api-client.ts';
import { checkResolution } from '../client/resolution-input.ts';

import { countOf, refusalToWire, outcomeAfter, tellOfEach, these, type BulkEntry } from './bulk.ts';
import { messageOf, type ExitCode } from './exit.ts';
import type { OutputOptions } from './output.ts';
import { unknownOutcomes, type Selection, type UnknownOutcome } from './unknown-outcomes.ts';
import type { BulkDecision } from '../contract/values.ts';

export interface Bulk extends Selection {
  decision: BulkDecision;
  by: string;
  reason: string;
  /** False: only tell what would be decided. */
  yes: boolean;
}

type Entry = UnknownOutcome & BulkEntry<'decided'>;

/** Decides all, or tells what would be decided. Prints what became of each. */
export async function resolveAll(client: ExternalApiClient, bulk: Bulk, output: OutputOptions): Promise<ExitCode> {
  const { decision, by, reason, yes } = bulk;
  checkResolution({ decision, by, reason });
  return await tellOfEach(
    decisions(client, bulk, new Date()),
    {
      dryRun: !yes,
      line: (entry) => lineOf(entry, bulk),
      document: (entries) => ({ decision, requests: entries.map(entryToWire) }),
      summary: (entries) =>
        yes
          ? `${countOf(entries, 'decided')} decided, ${countOf(entries, 'refused')} refused.`
          : dryRunText(entries.length),
    },
    output,
  );
}

/** One after the other. */
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

function lineOf({ requestId, tenant, unknownSince, outcome, error }: Entry, { decision }: Bulk): string {
  const what = { planned: `would ${decision}`, decided: decision, refused: 'refused', unclear: 'unclear' }[outcome];
  const why = error === null ? '' : `: ${messageOf(error)}`;
  return `${requestId}  ${tenant}  unknown since ${unknownSince}  ${what}${why}`;
}

function dryRunText(count: number): string {
  if (count === 0) return 'No outcome has been unknown for that long.';
  return `Dry run: nothing was decided. --yes decides ${these(count)}.`;
}

function entryToWire({ requestId, tenant, unknownSince, outcome, error }: Entry) {
  return {
    request_id: requestId,
    tenant,
    unknown_since: unknownSince,
    outcome,
    error: refusalToWire(error),
  };
}
