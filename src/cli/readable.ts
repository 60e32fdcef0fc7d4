import { seconds, timeOfDay } from '../client/time-in-words.ts';
import { cancellationWords } from '../client/cancellation-words.ts';
import { closureOf, waitsForRedis, type BudgetView, type Closure } from '../contract/budget-view.ts';
import type { RecordedResolution, RequestSnapshot } from '../contract/request.ts';
import type { WaitReason } from '../contract/values.ts';
import { wrap } from './wrap.ts';

const REASONS: Record<WaitReason, string> = {
  task_failing: 'workers whose code can run it: its workflow task fails',
  paused: 'an operator, who paused its step',
  outcome_unknown: 'a callback or a decision (`external-api resolve`)',
  provider_call: 'an answer of the provider',
  provider_processing: 'the provider, which works on it',
  retry_backoff: 'the next try, after a failed call',
  cool_down: 'the provider to take calls again',
  budget: 'its turn in the call budget',
  worker: 'a worker to take the next step',
};

/** One line, without the id: `processing, waits for the provider, which works on it (until …)`. */
export function stateLine({ status, waitingFor, stale, cancelRequested }: RequestSnapshot): string {
  const until = waitingFor?.until ? ` (until ${waitingFor.until})` : '';
  const { providerStatus } = waitingFor ?? {};
  const says = providerStatus === undefined ? '' : `; the provider says ${JSON.stringify(providerStatus)}`;
  const reason = waitingFor ? `, waits for ${REASONS[waitingFor.reason]}${until}${says}` : '';
  const cancel = cancelRequested ? '; its cancellation is asked for' : '';
  return `${status}${reason}${cancel}${stale ? '; no worker answered in time' : ''}`;
}

/** A request for a person: one line for each thing that is known. */
export function requestText(snapshot: RequestSnapshot, width: number): string {
  const { error, result, cancellation, resolution } = snapshot;
  const rows: [string, string | null][] = [
    ['status', stateLine(snapshot)],
    ['tenant', snapshot.tenant],
    ['created', snapshot.createdAt],
    ['completed', snapshot.completedAt],
    ['deadline', snapshot.completedAt === null ? snapshot.deadlineAt : null],
    ['provider', snapshot.provider],
    ['provider id', snapshot.providerRequestId],
    ['source', snapshot.source],
    ['answered', snapshot.cachedAt],
    ['retry of', snapshot.retryOf],
    ['retried by', snapshot.retriedBy],
    ['cancellation', cancellation && `${cancellation}: ${cancellationWords(snapshot)}`],
    ['decision', resolution && decisionText(resolution)],
    ['error', error && `${error.type}: ${error.message}`],
    ['processed in', result?.metadata.processingTime ? `${result.metadata.processingTime} s` : null],
  ];
  const text = aligned(snapshot.requestId, rows, width);
  if (result === null) return text;
  // As it is: whoever copies it gets JSON.
  const json = JSON.stringify(result.processedData, null, 2).replaceAll('\n', `\n${INDENT}`);
  return `${text}\n${label('result')}${json}`;
}

/** A title, and below it a line for each value that there is. */
function aligned(title: string, rows: readonly [string, string | null][], width: number): string {
  const known = rows.filter((row): row is [string, string] => row[1] !== null);
  return [title, ...known.map(([name, value]) => label(name) + wrapped(value, width))].join('\n');
}

function label(name: string): string {
  return `  ${name.padEnd(INDENT.length - 2)}`;
}

/** Beside its label, and below it. */
function wrapped(value: string, width: number): string {
  return wrap(value, width - INDENT.length).replaceAll('\n', `\n${INDENT}`);
}

function decisionText({ decision, providerRequestId, by, reason, at }: RecordedResolution): string {
  const adopted = providerRequestId === null ? '' : ` ${providerRequestId}`;
  return `${decision}${adopted}, by ${by} at ${at}: ${reason}`;
}

const INDENT = ' '.repeat(16);

const CLOSED: Record<Closure['by'], string> = {
  budget: 'used up',
  cool_down: 'closed: the provider asked us to wait',
  outage: 'closed: the provider is down, and one call at a time finds out when it is back',
};

function closedText({ by }: Closure, view: BudgetView): string {
  return waitsForRedis(view)
    ? 'closed: Redis does not answer; if it stays away, each worker sends its share'
    : CLOSED[by];
}

const COUNTED_IN: Record<BudgetView['countedIn'], (workers: number) => string> = {
  memory: () => 'the memory of this worker, which has the limit to itself',
  redis: (workers) => `Redis, by ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
  share: (workers) => `the memory of each of ${workers} workers, by its share: Redis does not answer`,
};

/** The call budget for a person. */
export function budgetText(view: BudgetView, now: Date, width: number): string {
  const closure = closureOf(view, 'other');
  const next = (call: 'bulk' | 'other'): string => {
    const until = closureOf(view, call)?.until;
    return until === undefined ? 'now' : `at ${timeOfDay(until, now)}`;
  };
  const rows: [string, string | null][] = [
    ['state', closure ? closedText(closure, view) : 'open'],
    ['calls', `${view.used} of ${view.limit} in the last ${seconds(view.windowMs)}`],
    ['lowered to', view.loweredLimit === null ? null : `${view.loweredLimit}, as the provider says`],
    ['kept', view.kept === 0 ? null : `${view.kept} for workers that Redis does not hear of`],
    ['next call', next('other')],
    ['next bulk', next('bulk')],
    ['waiting', `${view.waiting} in this worker`],
    ['failures', `${view.failures} in a row`],
    ['counted in', COUNTED_IN[view.countedIn](view.workers)],
  ];
  return aligned(`Call budget at ${timeOfDay(view.asOf, now)}`, rows, width);
}
