import { FAILURES, type FailureName, type FailureRow } from '../contract/failures.ts';
import type { RequestError, RequestSnapshot } from '../contract/request.ts';

/** A request that ended as failed or timed out. */
export type Unsuccessful = Pick<
  RequestSnapshot,
  'requestId' | 'provider' | 'submittedAs' | 'providerRequestId' | 'error'
>;

/**
 * What may follow an end without a result. `ask_provider`: nobody knows whether the work was done. `ask_for_id`: the
 * provider took it and has given no result; `ask_about_id`: it took it, and denies it. The others stand in the failure
 * table.
 */
type Remedy = 'ask_provider' | 'ask_about_id' | FailureRow['advice'];

/** What `retry` does after each: sends the same input again, goes on asking for the work, or nothing. */
const RETRIES: Record<Remedy, 'send_again' | 'adopt' | null> = {
  ask_provider: null,
  ask_for_id: 'adopt',
  ask_about_id: 'adopt',
  fetch_result: null,
  send_again: 'send_again',
  correct_input: 'send_again',
  correct_credentials: 'send_again',
  correct_request: 'send_again',
};

/** What a person is told. None of these can make the provider do the work twice. */
const WORDS: Record<Remedy, (request: Unsuccessful) => string> = {
  ask_provider: (request) =>
    `nobody knows whether the provider has done it: ${askFor(request)}, and make a new request only if ${isNotThere(request)}`,
  ask_for_id: ({ requestId, providerRequestId }) =>
    `the provider has it as ${providerRequestId} and has given no result: \`external-api retry ${requestId}\` goes on asking`,
  ask_about_id: (request) =>
    `the provider took it as ${request.providerRequestId}, and its last answer about that was a 404: ${request.provider === null ? `ask it what became of Idempotency-Key ${keyOf(request)}` : 'look there what became of it'}; \`external-api retry ${request.requestId}\` asks for the id once more`,
  fetch_result: ({ providerRequestId: id }) =>
    `the work is done: fetch the result from the provider${id === null ? '' : ` by its id ${id}`}`,
  send_again: ({ requestId }) => `\`external-api retry ${requestId}\` sends it again`,
  correct_input: () => 'correct the input, and send it with a new key',
  correct_credentials: ({ requestId }) =>
    `correct the credentials of the worker, then \`external-api retry ${requestId}\` sends it again`,
  correct_request: ({ requestId }) =>
    `correct the request, and send it with a new key; or the worker's configuration, then \`external-api retry ${requestId}\` sends it again`,
};

/** What to do about a request that ended without a result, as the end of a sentence. */
export function adviceAfter(request: Unsuccessful): string {
  return WORDS[remedyFor(request)](request);
}

/** What is told of a request that another one repeats, however that one stands by now; the end of a sentence. */
export function wasRetried(retriedBy: string): string {
  return `it was retried as ${retriedBy}: \`external-api why ${retriedBy}\``;
}

/** What to do while the outcome is unknown and the request is held, as the end of a sentence. */
export function decisionAdvice(
  request: Pick<RequestSnapshot, 'requestId' | 'provider' | 'submittedAs' | 'hintedId'>,
  holdUntil: string | null,
): string {
  const before = holdUntil === null ? '' : ` before ${holdUntil}`;
  const command = `external-api resolve ${request.requestId} resubmit|adopt|abandon --reason …`;
  const { requestId, hintedId } = request;
  const hinted =
    hintedId === undefined
      ? ''
      : `; if it has it as ${hintedId}, which a callback named: \`external-api resolve ${requestId} adopt --provider-id ${PLAIN.test(hintedId) ? hintedId : '…'} --reason …\``;
  return `${askFor(request, 'the provider')}, then decide${before} with \`${command}\`${hinted}`;
}

/** What a shell takes as it is: a person copies it, and somebody else chose it. */
const PLAIN = /^[\w.:/@-]+$/;

/** Only the built-in provider is known to keep our key: another that does not know it may have done the work all the same. */
function askFor(request: Pick<RequestSnapshot, 'requestId' | 'provider' | 'submittedAs'>, whom = 'it'): string {
  const key = keyOf(request);
  if (request.provider === null) return `ask ${whom} for Idempotency-Key ${key}`;
  return `look at ${request.provider} whether it has the work, with ${key} beside it if the profile sends requestId`;
}

function isNotThere({ provider }: Pick<RequestSnapshot, 'provider'>): string {
  return provider === null ? 'it says no' : 'it is surely not there';
}

/** What the provider knows the work by, whoever asks for it now. */
function keyOf({ requestId, submittedAs }: Pick<RequestSnapshot, 'requestId' | 'submittedAs'>): string {
  return submittedAs ?? requestId;
}

/** What `retry` makes of it: the same input sent again, the work adopted and only asked for, or, null, nothing. */
export function retryAfter(request: Unsuccessful): 'send_again' | 'adopt' | null {
  return RETRIES[remedyFor(request)];
}

/** Whether the provider looked at the input and said no: the same input is refused again. */
export function wasRefused({ error }: Pick<Unsuccessful, 'error'>): boolean {
  return rowOf(error?.failure)?.aboutInput === true;
}

/** What must not be done twice goes first: only what is known not to have been done is sent again. */
function remedyFor({ error, providerRequestId }: Unsuccessful): Remedy {
  if (error === null || error.type === 'OutcomeUnknown') return 'ask_provider';
  const advised = adviceOf(error);
  if (advised === 'fetch_result') return advised;
  // A refused or unanswered status call says nothing of work that the provider has taken.
  if (providerRequestId !== null && rowOf(error.failure)?.verdict !== 'work') {
    return error.statusCode === 404 && error.failure !== 'linkExpired' ? 'ask_about_id' : 'ask_for_id';
  }
  return error.outcome === null || error.outcome === 'ambiguous' ? 'ask_provider' : advised;
}

/** By the failure table; by the class where no row is known. */
function adviceOf({ type, outcome, failure }: RequestError): FailureRow['advice'] {
  const row = rowOf(failure);
  if (row) return row.advice;
  if (type === 'ResultTooLargeError') return 'fetch_result';
  if (type === 'APIAuthenticationError') return 'correct_credentials';
  return outcome === 'final' ? 'correct_input' : 'send_again';
}

/** A newer worker may name a row that is not known here. */
function rowOf(failure: FailureName | null | undefined): FailureRow | undefined {
  return failure ? (FAILURES as Partial<Record<string, FailureRow>>)[failure] : undefined;
}
