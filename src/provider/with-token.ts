import { callError, ExternalAPIError } from '../contract/errors.ts';
import type { CallContext } from './call.ts';
import type { TokenSource } from './token-source.ts';
import type { Token } from './token.ts';

/**
 * Calls with a token; after a 401 once more, with a fresh one. One that another process fetched may have been revoked
 * since, so that a fresh one of our own has the last word. A young one is tried again by the next attempt.
 */
export async function withToken<T>(
  tokens: TokenSource | null,
  context: CallContext,
  call: (token: Token | null) => Promise<T>,
): Promise<T> {
  if (tokens === null) return await call(null);
  for (let replays = 0; ; replays++) {
    const token = await tokenFor(context, tokens.get(context));
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof ExternalAPIError) || error.failure !== 'unauthorized') throw error;
      if (tokens.mayBeTooNew(token)) throw tooNew(error);
      if (replays === 2 || (replays === 1 && token.own)) throw error.retryAfter === null ? error : askedToWait(error);
    }
    tokens.invalidate(token.generation);
  }
}

const TOO_NEW_S = 2;

function tooNew(error: ExternalAPIError): ExternalAPIError {
  const { message, statusCode, requestId, providerRequestId, retryAfter } = error;
  const seen = { statusCode, requestId, providerRequestId, retryAfter: retryAfter ?? TOO_NEW_S };
  return callError('tokenTooNew', `${message} (the token is less than 10 s old)`, seen, error);
}

function askedToWait(error: ExternalAPIError): ExternalAPIError {
  return callError('askedToWait', error.message, error, error);
}

/** A token, or an error that tells the truth of the call that needed it: without a token it was never sent. */
export async function tokenFor({ requestId }: CallContext, token: Promise<Token>): Promise<Token> {
  try {
    return await token;
  } catch (error) {
    if (!(error instanceof ExternalAPIError) || error.outcome !== 'ambiguous') throw error;
    const { message, statusCode, retryAfter } = error;
    throw callError('unreachable', message, { statusCode, retryAfter, requestId }, error);
  }
}
