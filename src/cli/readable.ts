import type { RequestSummary } from '../client/list-requests.ts';
import type { CancellationOutcome, RecordedResolution, RequestSnapshot, WaitReason } from '../contract/request.ts';

const REASONS: Record<WaitReason, string> = {
  outcome_unknown: 'a callback or a decision (`external-api resolve`)',
  provider_call: 'an answer of the provider',
  provider_processing: 'the provider, which works on it',
  retry_backoff: 'the next try, after a failed call',
  cool_down: 'the provider, which asked us to wait',
  worker: 'a worker to take the next step',
};

const CANCELLATIONS: Record<CancellationOutcome, string> = {
  nothing_sent: 'it was never sent to the provider',
  cancelled_at_provider: 'the provider was told, and agreed',
  no_longer_watched: 'the provider could not be told; it may finish, and nobody looks',
  finished_anyway: 'it had finished first; the result is kept',
  outcome_unknown: 'whether the provider has it was not known, and nobody finds out any more',
  terminated: 'an operator terminated it, so that nothing more could be done',
};

/** One line, without the id: `processing, waits for the provider, which works on it (until …)`. */
export function stateLine({ status, waitingFor, stale }: RequestSnapshot): string {
  const until = waitingFor?.until ? ` (until ${waitingFor.until})` : '';
  const reason = waitingFor ? `, waits for ${REASONS[waitingFor.reason]}${until}` : '';
  return `${status}${reason}${stale ? '; no worker answers' : ''}`;
}

/** A request for a person: one line for each thing that is known. */
export function requestText(snapshot: RequestSnapshot): string {
  const { error, result, cancellation, resolution } = snapshot;
  const rows: [string, string | null][] = [
    ['status', stateLine(snapshot)],
    ['tenant', snapshot.tenant],
    ['created', snapshot.createdAt],
    ['completed', snapshot.completedAt],
    ['provider id', snapshot.providerRequestId],
    ['source', snapshot.source],
    ['cancellation', cancellation && `${cancellation}: ${CANCELLATIONS[cancellation]}`],
    ['decision', resolution && decisionText(resolution)],
    ['error', error && `${error.type}: ${error.message}`],
    ['processed in', result?.metadata.processingTime ? `${result.metadata.processingTime} s` : null],
    ['result', result && JSON.stringify(result.processedData, null, 2).replaceAll('\n', `\n${INDENT}`)],
  ];
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  return [snapshot.requestId, ...known.map(([name, value]) => `  ${name.padEnd(INDENT.length - 2)}${value}`)].join(
    '\n',
  );
}

function decisionText({ decision, providerRequestId, by, reason, at }: RecordedResolution): string {
  const adopted = providerRequestId === null ? '' : ` ${providerRequestId}`;
  return `${decision}${adopted}, by ${by} at ${at}: ${reason}`;
}

const INDENT = ' '.repeat(16);

/** A table with a heading. */
export function listText(requests: readonly RequestSummary[]): string {
  if (requests.length === 0) return 'No requests.';
  const rows = requests.map((request) => [
    request.requestId,
    request.status,
    request.tenant,
    request.createdAt,
    request.completedAt ?? '-',
  ]);
  const table = [['REQUEST', 'STATUS', 'TENANT', 'CREATED', 'COMPLETED'], ...rows];
  const widths = table.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
