import { condition, log, metricMeter } from '@temporalio/workflow';
import { setAttention } from './attention.ts';
import { ended, type RequestFailure } from './failure-of.ts';
import { RequestFailed } from './request-failed.ts';
import type { Request } from './request.ts';

const unknownOutcomes = metricMeter.createCounter(
  'external_api_outcomes_unknown',
  undefined,
  'Requests whose submit may or may not have been executed',
);

/** What to do with an unknown outcome: submit again, or poll an id that is known now. */
export type NextStep = { resubmit: true } | { resubmit: false; providerRequestId: string };

/**
 * Holds a request whose submit may or may not have been executed, visibly, until a person decides, a callback names the
 * provider's id, or the hold ends.
 * @throws RequestFailed when it is abandoned, or nobody decided in time
 */
export async function resolveUnknownOutcome(request: Request, failure: RequestFailure): Promise<NextStep> {
  const { requestId, tenant, unknownHoldMs } = request.args;
  const holdMs = Math.max(0, unknownHoldMs ?? request.deadline - Date.now());
  const holdUntil = new Date(Date.now() + holdMs).toISOString();
  request.apply({ type: 'outcome_unknown', error: failure.error, holdUntil });
  setAttention(request.args, 'outcome_unknown');
  unknownOutcomes.add(1);
  log.warn('The outcome of a submit is unknown; it waits for a callback or a decision', {
    event: 'external_api_outcome_unknown',
    request_id: requestId,
    tenant,
    reason: failure.error.message,
  });

  const known = (): boolean => request.isResolved;
  if (!known() && !(holdMs > 0 && (await condition(known, holdMs)))) {
    throw new RequestFailed(unresolved(failure, `Nobody decided within ${holdMs / 1000} s`));
  }
  // A person's word goes before a callback's.
  const resolution = request.takeResolution();
  if (resolution?.decision === 'abandon') {
    throw new RequestFailed(unresolved(failure, `Abandoned by ${resolution.by} (${resolution.reason})`));
  }
  setAttention(request.args, null);
  request.restartClock();
  const adopted = resolution === null ? request.takeHint() : resolution.providerRequestId;
  return adopted === null ? { resubmit: true } : { resubmit: false, providerRequestId: adopted };
}

function unresolved({ error, details }: RequestFailure, why: string): RequestFailure {
  return ended('failed', 'OutcomeUnknown', `${why}. The provider may have done the work. ${error.message}`, details);
}
