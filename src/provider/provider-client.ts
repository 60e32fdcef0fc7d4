import { callError, ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import { isProviderRequestId } from '../contract/names.ts';
import type { JsonValue } from '../contract/request.ts';
import type { Priority } from '../contract/values.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { buildCall, type BuiltCall, type CallFacts } from '../profile/build-call.ts';
import { CannotBuildError } from '../profile/cannot-build-error.ts';
import type { CancelOutcome } from '../profile/cancel-outcome.ts';
import { byLocation } from '../profile/consistency.ts';
import type { ReadFacts } from '../profile/read-reply.ts';
import type { Profile } from '../profile/schema.ts';
import type { Step } from '../profile/sources.ts';
import { tokenUrlOf } from '../profile/token-url.ts';
import { authorizer, checkCredentials, secretsOf, type Credentials } from './authorization.ts';
import type { Call, CallContext, MakeCall } from './call.ts';
import { sanitize } from './error-detail.ts';
import type { ProviderObserver } from './observer.ts';
import type { Lookup } from './open-socket.ts';
import {
  cancelReply,
  lookupReply,
  processReply,
  resultReply,
  statusReply,
  type FoundStatus,
  type Listed,
  type ProcessReply,
  type StatusReply,
} from './reply-meaning.ts';
import type { SharedTokens } from './shared-token.ts';
import type { TlsOptions } from './tls-identity.ts';
import type { Token } from './token.ts';
import { createTokens } from './tokens.ts';
import type { Method, PoolState } from './transport.ts';
import type { WatchCalls } from './watch-calls.ts';
import { createWaysOut } from './ways-out.ts';
import { tokenFor, withToken } from './with-token.ts';

export type { ProcessReply, StatusReply } from './reply-meaning.ts';

export interface ProviderClientOptions {
  profile: Profile;
  /** http or https; may have a path, which stands before every path of the profile. */
  baseUrl: URL;
  credentials: Credentials;
  /** Default: as the profile says. */
  tokenUrl?: URL | undefined;
  /** Where client id and secret go: in the form, or in a Basic header. Default: as the profile says. */
  clientAuth?: 'body' | 'basic' | undefined;
  /** Where the client secret came from: read again when the provider does not accept it. */
  clientSecretFile?: string | null | undefined;
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
  /** Default: the system's. */
  lookup?: Lookup | undefined;
  /** Every call passes it. */
  budget: CallBudget;
  /** Whether what the provider says of its own limit is heeded. Default: yes. */
  rateHeaders?: boolean | undefined;
  /** Absent: this process has a token of its own. */
  sharedTokens?: SharedTokens | undefined;
  observer: ProviderObserver;
  /** Sees every call as it is on the wire, secrets included. Absent: nobody does. */
  watch?: WatchCalls | undefined;
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

export interface StatusContext extends CallContext {
  /** Only a callback named the id: nothing is asked where ids are paths, since anything could be behind it. */
  hinted?: boolean | undefined;
}

/**
 * A provider, as its profile says. Each method makes its call once, except that a 401 gets one fresh token and one replay,
 * and that a result may be one more GET. All failures are {@link ExternalAPIError}s of the failure table; an aborted signal
 * rejects with its reason.
 */
export interface ProviderClient {
  /**
   * Makes sure that there is a token, unless none is needed, or it would have to wait for the call: null while the budget, a
   * cool-down, an outage or the sockets let none out. The call that needs the token then gets it.
   */
  authenticate(context: CallContext): Promise<{ generation: number; expiresAt: Date } | null>;
  /** `outcome` of its errors speaks of the submit alone: no failure of a token call makes it `ambiguous`. */
  process(call: ProcessCall, context: ProcessContext): Promise<ProcessReply>;
  status(providerRequestId: string, context: StatusContext): Promise<StatusReply>;
  /** `not_supported` also where the profile has no such call. */
  cancel(providerRequestId: string, context: CallContext): Promise<CancelOutcome>;
  /** What the provider has under our reference. Only where the profile has a lookup. */
  find(reference: string, context: CallContext): Promise<Listed>;
  /** After so many milliseconds work that is not listed never arrived; `never`: nothing proves that; null: no lookup. */
  readonly listedAfterMs: number | 'never' | null;
  /** `waiting`: calls that wait for a socket. */
  readonly pool: PoolState & { waiting: number };
  /** Whether the calls of the whole fleet fail, as of the latest one here. */
  readonly isDown: boolean;
  /** Ends all connections. Calls still under way fail. */
  close(): Promise<void>;
}

/** @throws TypeError when a credential is missing, or cannot be sent in a header */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { profile, baseUrl, credentials, budget } = options;
  checkCredentials(profile, credentials);
  const ways = createWaysOut(options);
  const makeCall = ways.toProvider;
  const tokenUrl = options.tokenUrl ?? tokenUrlOf(profile, baseUrl);
  const tokens = createTokens(options, tokenUrl, ways);

  /** Whether a token call would have to wait now. */
  async function holdsBack(): Promise<boolean> {
    return ways.free === 0 || (await budget.room('token', 0)).waitMs > 0;
  }

  function built(step: Step, facts: Omit<CallFacts, 'baseUrl' | 'authorize'>, token: Token | null): BuiltCall {
    try {
      const authorize = authorizer(credentials, token?.accessToken ?? null);
      return buildCall(profile, step, { ...facts, baseUrl, authorize });
    } catch (error) {
      if (!(error instanceof CannotBuildError)) throw error;
      throw callError('rejected', `Nothing was sent: ${error.message}`, { providerRequestId: facts.handle ?? null });
    }
  }

  function factsOf(requestId: string, handle: string | null, token: Token | null): ReadFacts {
    const secrets = secretsOf(profile, credentials, token?.accessToken ?? null);
    return { baseUrl, requestId, handle, clean: (text) => sanitize(text, secrets) };
  }

  async function resultOf(
    fetch: Readonly<Record<string, string>>,
    status: StatusReply,
    { context, token }: { context: CallContext; token: Token | null },
  ): Promise<StatusReply> {
    const { providerRequestId: handle } = status;
    const requestId = context.requestId ?? '';
    const call = built('result', { requestId, handle, fetch }, token);
    const get = async (make: MakeCall): Promise<StatusReply> => {
      const result = await make({
        operation: 'result',
        ...wireOf(call),
        providerRequestId: handle,
        context,
        read: (reply) => resultReply(profile, reply, factsOf(requestId, handle, token), !call.credentials),
      });
      return { ...status, result };
    };
    return await (call.credentials ? get(makeCall) : ways.once(call.url.origin, get));
  }

  return {
    async authenticate(context) {
      if (tokens === null || (!tokens.hasToken && (await holdsBack()))) return null;
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
      // In an outage a submit's answer may be lost: a token call, which may always probe, lets this submit be the next probe.
      const isProbe = tokens !== null && tokenUrl?.origin === baseUrl.origin;
      if (isProbe && (await budget.probeDue())) await tokenFor(context, tokens.renew(context));
      return withToken(tokens, context, (token) => {
        const submit = { requestId: idempotencyKey, data, async, callbackUrl };
        return makeCall({
          operation: 'submit',
          priority,
          repeated,
          ...wireOf(built('submit', submit, token)),
          context,
          beforeSend,
          read: (reply, retryAfterMs) =>
            processReply(profile, reply, retryAfterMs, factsOf(idempotencyKey, null, token)),
        });
      });
    },

    async status(providerRequestId, { hinted = false, ...context }) {
      checkProviderRequestId(providerRequestId, context);
      if (hinted && byLocation(profile.poll)) throw callError('rejected', PATH_OF_CALLBACK, context);
      const requestId = context.requestId ?? '';
      return withToken(tokens, context, async (token) => {
        const facts = { ...factsOf(requestId, providerRequestId, token), handle: providerRequestId };
        const { status, fetch } = await makeCall<FoundStatus>({
          operation: 'status',
          ...wireOf(built('poll', { requestId, handle: providerRequestId }, token)),
          providerRequestId,
          context,
          read: (reply, retryAfterMs) => statusReply(profile, reply, retryAfterMs, facts),
        });
        return fetch === null ? status : await resultOf(fetch, status, { context, token });
      });
    },

    async cancel(providerRequestId, context) {
      checkProviderRequestId(providerRequestId, context);
      if (profile.cancel === undefined) return 'not_supported';
      const requestId = context.requestId ?? '';
      return withToken(tokens, context, (token) =>
        makeCall({
          operation: 'cancel',
          ...wireOf(built('cancel', { requestId, handle: providerRequestId }, token)),
          providerRequestId,
          context,
          read: (reply) => cancelReply(profile, reply, factsOf(requestId, providerRequestId, token)),
        }),
      );
    },

    find: (reference, context) =>
      withToken(tokens, context, (token) =>
        makeCall({
          operation: 'lookup',
          ...wireOf(built('lookup', { requestId: reference }, token)),
          context,
          read: (reply) => lookupReply(profile, reply, factsOf(reference, null, token)),
        }),
      ),

    listedAfterMs: listedAfterMs(profile),

    get pool() {
      return ways.pool;
    },

    get isDown() {
      return budget.isDown;
    },

    close: () => ways.close(),
  };
}

function listedAfterMs({ lookup }: Profile): number | 'never' | null {
  if (lookup === undefined) return null;
  return lookup.completeAfter === undefined ? 'never' : lookup.completeAfter * 1000;
}

/** What goes out, as the transport takes it. */
function wireOf({
  method,
  template,
  url,
  headers,
  body,
}: BuiltCall): Pick<Call<unknown>, 'method' | 'path' | 'headers' | 'body' | 'template'> {
  // The schema knows no other methods.
  return { method: method as Method, template, path: url.pathname + url.search, headers: headers.flat(), body };
}

const PATH_OF_CALLBACK =
  'Nothing was sent: a callback cannot name the work of a provider that is asked by path, since any path could be meant';

function checkProviderRequestId(id: string, { requestId }: CallContext): void {
  if (isProviderRequestId(id)) return;
  const message = 'The provider_request_id cannot be asked for: expected 1 to 1000 visible ASCII characters';
  throw callError('rejected', message, { requestId });
}
