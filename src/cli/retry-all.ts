import type { ExternalApiClient } from '../client/external-api-client.ts';
import { nullIfGone } from '../client/listed.ts';
import { wasRefused, wasRetried } from '../client/advice.ts';
import { cancellationWords } from '../client/cancellation-words.ts';
import { checkRetry, retryPlan, type RetryOptions } from '../client/retry-request.ts';
import type { RequestSnapshot } from '../contract/request.ts';
import { FAILED_STATUSES, type ErrorType, type FailedStatus } from '../contract/values.ts';
import { countOf, refusalToWire, outcomeAfter, tellOfEach, these, type BulkEntry } from './bulk.ts';
import { messageOf, type ExitCode } from './exit.ts';
import type { OutputOptions } from './output.ts';

export interface RetryBulk extends RetryOptions {
  status: FailedStatus;
  /** Only requests that ended then or later. */
  since: Date;
  error?: ErrorType | undefined;
  tenant?: string | undefined;
  /** Also those whose input the provider refused: they fail again, unless something has changed there. */
  refused: boolean;
  /** False: only tell what would be done. */
  yes: boolean;
}

/**
 * `already`: an earlier retry did it. `left_out`: its caller cancelled it, too late, and wants it no more; or the provider
 * refused its input, and would again.
 */
interface Entry extends BulkEntry<'retried' | 'already' | 'left_out'> {
  request: RequestSnapshot;
  /** The new request; null: none. */
  retryId: string | null;
  /** The provider's id of the work that is only asked for; null: the work is submitted. */
  adopt: string | null;
}

/** Sends all again, or tells what would be. Prints what became of each. */
export async function retryAll(client: ExternalApiClient, bulk: RetryBulk, output: OutputOptions): Promise<ExitCode> {
  const { yes } = bulk;
  checkRetry(whoAsks(bulk));
  return await tellOfEach(
    retries(client, bulk),
    {
      dryRun: !yes,
      line: lineOf,
      document: (entries) => ({ requests: entries.map(entryToWire) }),
      summary: (entries) => (yes ? doneText(entries) : dryRunText(entries)),
    },
    output,
  );
}

/** One after the other. */
async function* retries(client: ExternalApiClient, bulk: RetryBulk): AsyncGenerator<Entry> {
  for await (const request of endedSince(client, bulk)) {
    const { requestId, retriedBy } = request;
    const known = { request, retryId: retriedBy, adopt: null, error: null };
    try {
      const { adopt } = retryPlan(request);
      if (retriedBy !== null) yield { ...known, adopt, outcome: 'already' };
      else if (request.cancellation !== null || (wasRefused(request) && !bulk.refused)) {
        yield { ...known, outcome: 'left_out' };
      } else if (!bulk.yes) yield { ...known, adopt, outcome: 'planned' };
      else {
        const { requestId: retryId } = await client.retry(requestId, whoAsks(bulk));
        yield { ...known, adopt, retryId, outcome: 'retried' };
      }
    } catch (error) {
      yield { ...known, outcome: outcomeAfter(error), error };
    }
  }
}

function whoAsks({ by, reason }: RetryBulk): RetryOptions {
  return { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
}

async function* endedSince(
  client: ExternalApiClient,
  { status, since, error, tenant }: RetryBulk,
): AsyncGenerator<RequestSnapshot> {
  const filters = { endedSince: since, ...(tenant !== undefined && { tenant }) };
  // A list calls failed what timed out without our search attributes: the request itself says how, and why, it ended.
  for (const listedAs of status === 'failed' ? [status] : FAILED_STATUSES) {
    for await (const { requestId } of client.list({ status: listedAs, ...filters })) {
      const request = await client.status(requestId).catch(nullIfGone);
      if (request?.status === status && (error === undefined || request.error?.type === error)) yield request;
    }
  }
}

function lineOf({ request, outcome, retryId, adopt, error }: Entry): string {
  const { requestId, tenant, status, completedAt } = request;
  const type = request.error?.type ?? '-';
  const doing = adopt === null ? 'send it again' : `go on asking for ${adopt}`;
  const what = {
    planned: `would ${doing}`,
    retried: `${adopt === null ? 'sent again' : `asks for ${adopt}`} as ${retryId}`,
    already: retryId && wasRetried(retryId),
    left_out:
      request.cancellation === null
        ? 'left out, as the provider refused its input: --refused'
        : `left out, as it was cancelled: ${cancellationWords(request)}`,
    refused: 'refused',
    unclear: 'unclear',
  }[outcome];
  const why = error === null ? '' : `: ${messageOf(error)}`;
  return `${requestId}  ${tenant}  ${status} ${completedAt}  ${type}  ${what}${why}`;
}

function doneText(entries: readonly Entry[]): string {
  const count = (outcome: Entry['outcome']): number => countOf(entries, outcome);
  return `${count('retried')} retried, ${count('already')} retried before, ${count('refused')} refused.${leftOut(entries)}`;
}

function dryRunText(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'No request ended so since then.';
  const planned = countOf(entries, 'planned');
  const does = planned === 0 ? 'there is nothing to do' : `--yes retries ${these(planned)}`;
  return `Dry run: nothing was started; ${does}. ${countOf(entries, 'refused')} would be refused.${leftOut(entries)}`;
}

function leftOut(entries: readonly Entry[]): string {
  const left = entries.filter(({ outcome }) => outcome === 'left_out').map(({ request }) => request);
  const cancelled = left.filter(({ cancellation }) => cancellation !== null).length;
  const refused = left.length - cancelled;
  return [
    cancelled === 0
      ? ''
      : ` ${cancelled} left out, as ${cancelled === 1 ? 'its caller' : 'their callers'} cancelled ${cancelled === 1 ? 'it' : 'them'}.`,
    refused === 0
      ? ''
      : ` ${refused} left out, as the provider refused ${refused === 1 ? 'its input' : 'their input'}: --refused retries them too.`,
  ].join('');
}

function entryToWire({ request, outcome, retryId, adopt, error }: Entry) {
  return {
    request_id: request.requestId,
    tenant: request.tenant,
    status: request.status,
    completed_at: request.completedAt,
    outcome,
    retried_by: retryId,
    adopted: adopt,
    error: refusalToWire(error),
  };
}
