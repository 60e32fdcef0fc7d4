import { Command } from 'commander';
import type { Why } from '../client/why.ts';
import { budgetToWire } from '../contract/budget-view.ts';
import { requestIdArgument } from './arguments.ts';
import { withClient } from './with-client.ts';
import { errorToWire, resolutionToWire } from '../contract/wire-format.ts';
import { jsonOption, print, type OutputOptions } from './output.ts';

/** `external-api why`: why a request is where it is, in one sentence. */
export function whyCommand(): Command {
  return new Command('why')
    .description(
      'Say in one sentence why a request is where it is, until when, and what that is known from. Makes no call to the ' +
        'provider. Asks the worker at EXTERNAL_API_WORKER_URL for the call budget.',
    )
    .addArgument(requestIdArgument())
    .addOption(jsonOption())
    .action(async (requestId: string, options: OutputOptions) => {
      const why = await withClient((client) => client.why(requestId));
      print(whyToWire(why), why.sentence, options);
    });
}

function whyToWire({ requestId, status, reason, since, until, sentence, evidence }: Why) {
  const { lastFailure, error } = evidence;
  return {
    request_id: requestId,
    status,
    reason,
    since,
    until,
    sentence,
    evidence: {
      attempt: evidence.attempt,
      calls: evidence.calls,
      last_failure: lastFailure && {
        failure: lastFailure.failure,
        type: lastFailure.type,
        message: lastFailure.message,
        status_code: lastFailure.statusCode,
      },
      budget: evidence.budget && budgetToWire(evidence.budget),
      worker: evidence.workerAddress,
      worker_problem: evidence.workerProblem,
      pollers: evidence.pollers?.map(({ identity, lastAskedAt }) => ({ identity, last_asked_at: lastAskedAt })) ?? null,
      stale: evidence.stale,
      provider_request_id: evidence.providerRequestId,
      error: error && errorToWire(error),
      source: evidence.source,
      cancellation: evidence.cancellation,
      cancel_requested: evidence.cancelRequested,
      resolution: evidence.resolution && resolutionToWire(evidence.resolution),
    },
  };
}
