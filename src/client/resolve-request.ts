import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { RESOLVE_UPDATE, tenantOf, workflowIdOf } from '../contract/names.ts';
import type { RequestState, Resolution } from '../contract/request.ts';
import { wasRetried } from './advice.ts';
import { InvalidRequestError, NothingToDecideError, TemporalUnavailableError } from './client-errors.ts';
import { existingRetry } from './read-snapshot.ts';

/** A person's decision on an unknown outcome, as the client takes it. */
export type ResolveOptions = (
  { decision: 'resubmit' | 'abandon'; providerRequestId?: never } | { decision: 'adopt'; providerRequestId: string }
) & {
  /** Who decides. */
  by: string;
  reason: string;
};

/**
 * Decides, unless that could do the work twice.
 * @returns the state after it
 * @throws NothingToDecideError, InvalidRequestError; TemporalUnavailableError when no worker answers
 */
export async function resolveRequest(
  client: Client,
  requestId: string,
  decision: ResolveOptions,
): Promise<RequestState> {
  const handle = client.workflow.getHandle(workflowIdOf(requestId));
  const { status, runId, memo } = await handle.describe();
  if (status.name !== 'RUNNING') throw new NothingToDecideError(requestId, ENDED);
  if (decision.decision === 'resubmit') {
    const retriedBy = await existingRetry(client, tenantOf(memo ?? {}), requestId);
    if (retriedBy !== null) throw new NothingToDecideError(requestId, repeatedBy(retriedBy));
  }
  return await sendResolution(requestId, handle, runId, decision);
}

/** A request that failed, was retried, and was then reset by an operator is held: submitted again, the work would be done twice. */
function repeatedBy(retriedBy: string): string {
  return `It is not submitted again: ${wasRetried(retriedBy)} says what became of it. Abandon this one, or adopt its work`;
}

const ENDED = 'There is nothing to decide: the request has ended';

/** Sends the decision to the workflow, whose validator takes or refuses it. Returns the state after it. */
async function sendResolution(
  requestId: string,
  handle: WorkflowHandle,
  runId: string,
  { decision, providerRequestId, by, reason }: ResolveOptions,
): Promise<RequestState> {
  const resolution: Resolution = { decision, providerRequestId: providerRequestId ?? null, by, reason, runId };
  try {
    return await handle.executeUpdate<RequestState, [Resolution]>(RESOLVE_UPDATE, { args: [resolution] });
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      const message =
        'No worker took the decision in time; one that comes back may still take it. Read the status before you repeat it.';
      throw new TemporalUnavailableError(message, { cause: error });
    }
    // It ran a moment ago, when the client looked.
    if (error instanceof WorkflowNotFoundError) throw new NothingToDecideError(requestId, ENDED);
    const refusal = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (!(refusal instanceof ApplicationFailure)) throw error;
    if (refusal.type === 'NothingToDecide') throw new NothingToDecideError(requestId, refusal.message);
    if (refusal.type === 'InvalidDecision') throw new InvalidRequestError([{ path: '', message: refusal.message }]);
    throw error;
  }
}
