import { callError, ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import { isProviderRequestId } from '../contract/names.ts';
import type { JsonValue } from '../contract/request.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { createCallMaker, type CallContext } from './call.ts';
import type { ProviderObserver } from './observer.ts';
import { readProcessReply, readStatusReply, type ProcessReply, type StatusReply } from './response-schemas.ts';
import { Sockets } from './sockets.ts';
import type { SharedTokens } from './shared-token.ts';
import { createTokenRequest, type OAuthClient } from './token-request.ts';
import { TokenSource } from './token-source.ts';
import type { TlsOptions } from './tls-identity.ts';
import type { Token } from './token.ts';
import { createTransport, type PoolState } from './transport.ts';
import type { Priority } from '../contract/values.ts';

export type { ProcessReply, StatusReply } from './response-schemas.ts';

export interface ProviderClientOptions {
  /** http or https; may have a path, which stands before every path of the contract. */
  baseUrl: URL;
  apiKey: string;
  oauth: OAuthClient;
  /** One call, from its first byte to the end of the answer. */
  timeoutMs: number;
  /** Until a call has its connection, from each address of the name: nothing of it has left before. */
  connectTimeoutMs: number;
  /** Calls at the same time; who finds none free waits 5 s at most. */
  maxConnections: number;
  /** When a connection is so old, its call is its last: the next connection asks for the name again. Default 5 min. */
  connectionAgeMs?: number;
  /** http or https, may have credentials: every connection goes through it, by CONNECT. */
  proxy?: URL | undefined;
  /** Default 10 MiB. */
  maxResponseBytes?: number;
  tls?: TlsOptions;
  /** Every call passes it. */
  budget: CallBudget;
  /** Whether what the provider says of its own limit is heeded. Default: yes. */
  rateHeaders?: boolean | undefined;
  /** Absent: this process has a token of its own. */
  sharedTokens?: SharedTokens | undefined;
  observer: ProviderObserver;
}

export interface ProcessCall {
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  idempotencyKey: string;
}

export interface ProcessContext extends CallContext {
  /** Awaited right before each `POST /process`, when the token is there; when it throws, nothing is sent. */
  beforeSend?: () => Promise<void>;
  /** Default: interactive. */
  priority?: Priority | undefined;
  /**
   * Whether an earlier submit with this key may have arrived: "a request with this key is in progress" is then no refusal of
   * this one, and "this key was used" is a word on that one.
   */
  repeated?: boolean | undefined;
}

/**
 * The provider's API v2.1. Each method makes its call once, except that a 401 gets one fresh token and one replay. All
 * failures are {@link ExternalAPIError}s of the failure table; an aborted signal rejects with its reason.
 */
export interface ProviderClient {
  /**
   * Makes sure that there is a token, unless it would have to wait for the call: null while the budget, a cool-down, an
   * outage or the sockets let none out. The call that needs the token then gets it.
   */
  authenticate(context: CallContext): Promise<{ generation: number; expiresAt: Date } | null>;
  /** `outcome` of its errors speaks of the `POST /process` alone: no failure of a token call makes it `ambiguous`. */
  process(call: ProcessCall, context: ProcessContext): Promise<ProcessReply>;
  status(providerRequestId: string, context: CallContext): Promise<StatusReply>;
  /**
   * `DELETE /status/{request_id}`, which the contract does not have but some providers do: 2xx cancelled, 409 finished
   * before, 404, 405 and 501 not supported.
   */
  cancel(providerRequestId: string, context: CallContext): Promise<CancelReply>;
  /** `waiting`: calls that wait for a socket. */
  readonly pool: PoolState & { waiting: number };
  /** Whether the calls of the whole fleet fail, as of the latest one here. */
  readonly isDown: boolean;
  /** Ends all connections. Calls still under way fail. */
  close(): Promise<void>;
}

export type CancelReply = 'cancelled' | 'finished' | 'not_supported';

const CANCEL_REFUSALS: Readonly<Record<number, CancelReply>> = {
  404: 'not_supported',
  405: 'not_supported',
  409: 'finished',
  501: 'not_supported',
};

const MAX_RESPONSE_BYTES = 10 * 1024 * 1024;
const CONNECTION_AGE_MS = 300_000;

/** What stands before every path of the contract: it does not matter whether the base URL ends with a slash. */
export function pathPrefix({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}

export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { baseUrl, apiKey, oauth, timeoutMs, connectTimeoutMs, budget, observer } = options;
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError('apiKey cannot be sent in a header: expected visible ASCII characters without spaces');
  }
  const { origin } = baseUrl;
  const prefix = pathPrefix(baseUrl);
  const timeouts = { timeoutMs, connectTimeoutMs };
  const sockets = new Sockets(options.maxConnections);
  const transport = createTransport({
    origin,
    ...timeouts,
    maxConnections: options.maxConnections,
    connectionAgeMs: options.connectionAgeMs ?? CONNECTION_AGE_MS,
    maxResponseBytes: options.maxResponseBytes ?? MAX_RESPONSE_BYTES,
    tls: options.tls,
    proxy: options.proxy,
  });
  const makeCall = createCallMaker({
    transport,
    sockets,
    origin,
    timeouts,
    budget,
    observer,
    rateHeaders: options.rateHeaders ?? true,
  });
  const tokens = new TokenSource({
    fetchToken: createTokenRequest({ oauth, makeCall, tokenUrl: new URL(`${prefix}/oauth/token`, origin) }),
    shared: options.sharedTokens,
    onRefreshed: (generation) => observer.tokenRefreshed(generation),
  });

  const headersWith = ({ accessToken }: Token): string[] => [
    'authorization',
    `Bearer ${accessToken}`,
    'x-api-key',
    apiKey,
    'accept',
    'application/json',
  ];
  /** Whether a token call would have to wait now. */
  async function holdsBack(): Promise<boolean> {
    return sockets.free === 0 || (await budget.room('token', 0)).waitMs > 0;
  }
  const secretsWith = ({ accessToken }: Token): string[] => [accessToken, apiKey, oauth.clientSecret];

  return {
    async authenticate(context) {
      if (!tokens.hasToken && (await holdsBack())) return null;
      try {
        const { generation, expiresAt } = await tokens.get(context);
        return { generation, expiresAt: new Date(expiresAt) };
      } catch (error) {
        // Others were faster.
        if (error instanceof ExternalAPIError && error.failure !== null && FAILURES[error.failure].benign) return null;
        throw error;
      }
    },

    async process(
      { data, options: { async, callbackUrl }, idempotencyKey },
      { beforeSend, priority = 'interactive', repeated = false, ...context },
    ) {
      const body = JSON.stringify({ data, options: { async, callback_url: callbackUrl ?? undefined } });
      // In an outage a submit's answer may be lost: a token call, which may always probe, lets this submit be the next probe.
      if (await budget.probeDue()) await tokenFor(context, tokens.renew(context));
      return withToken(tokens, context, (token) => {
        const secrets = secretsWith(token);
        return makeCall({
          operation: 'submit',
          priority,
          repeated,
          method: 'POST',
          path: `${prefix}/process`,
          headers: [...headersWith(token), 'content-type', 'application/json', 'idempotency-key', idempotencyKey],
          body,
          context,
          beforeSend,
          read: ({ body: text }, retryAfterMs) => readProcessReply(text, retryAfterMs, secrets),
          secrets,
        });
      });
    },

    async status(providerRequestId, context) {
      checkProviderRequestId(providerRequestId, context);
      return withToken(tokens, context, (token) => {
        const secrets = secretsWith(token);
        return makeCall({
          operation: 'status',
          method: 'GET',
          path: `${prefix}/status/${providerRequestId}`,
          headers: headersWith(token),
          body: null,
          providerRequestId,
          context,
          read: (reply, retryAfterMs) => readStatusReply(reply, providerRequestId, retryAfterMs, secrets),
          secrets,
        });
      });
    },

    async cancel(providerRequestId, context) {
      checkProviderRequestId(providerRequestId, context);
      try {
        return await withToken(tokens, context, (token) =>
          makeCall<CancelReply>({
            operation: 'cancel',
            method: 'DELETE',
            path: `${prefix}/status/${providerRequestId}`,
            headers: headersWith(token),
            body: null,
            providerRequestId,
            context,
            read: () => ({ value: 'cancelled' }),
            secrets: secretsWith(token),
          }),
        );
      } catch (error) {
        const refusal = error instanceof ExternalAPIError ? CANCEL_REFUSALS[error.statusCode ?? 0] : undefined;
        if (refusal === undefined) throw error;
        return refusal;
      }
    },

    get pool() {
      return { ...transport.pool, waiting: sockets.waiting };
    },

    get isDown() {
      return budget.isDown;
    },

    close: () => transport.close(),
  };
}

function checkProviderRequestId(id: string, { requestId }: CallContext): void {
  if (isProviderRequestId(id)) return;
  const message = 'The provider_request_id cannot be asked for: expected 1 to 200 of A-Z a-z 0-9 . _ ~ : -';
  throw callError('rejected', message, { requestId });
}

/**
 * Calls with a token; after a 401 once more, with a fresh one. One that another process fetched may have been revoked
 * since, so that a fresh one of our own has the last word. A young one is tried again by the next attempt.
 */
async function withToken<T>(tokens: TokenSource, context: CallContext, call: (token: Token) => Promise<T>): Promise<T> {
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
async function tokenFor({ requestId }: CallContext, token: Promise<Token>): Promise<Token> {
  try {
    return await token;
  } catch (error) {
    if (!(error instanceof ExternalAPIError) || error.outcome !== 'ambiguous') throw error;
    const { message, statusCode, retryAfter } = error;
    throw callError('unreachable', message, { statusCode, retryAfter, requestId }, error);
  }
}
