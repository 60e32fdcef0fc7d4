import { callError, ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import { isProviderRequestId, PROVIDER_REQUEST_ID_SHAPE } from '../contract/names.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { buildCall, type BuiltCall, type CallFacts } from '../profile/build-call.ts';
import { CannotBuildError } from '../profile/cannot-build-error.ts';
import type { ReadFacts } from '../profile/read-reply.ts';
import type { Profile } from '../profile/schema.ts';
import type { Step } from '../profile/sources.ts';
import { tokenUrlOf } from '../profile/token-url.ts';
import { authorizer, checkCredentials, longestFirst, secretsOf, type Credentials } from './authorization.ts';
import type { Call, CallContext, MakeCall } from './call.ts';
import { sanitize } from './error-detail.ts';
import type { ProviderObserver } from './observer.ts';
import type { Lookup } from './open-socket.ts';
import type { ProviderClient } from './provider.ts';
import {
  cancelReply,
  lookupReply,
  processReply,
  resultReply,
  statusReply,
  type FoundStatus,
  type StatusReply,
} from './reply-meaning.ts';
import type { SharedTokens } from './shared-token.ts';
import { createSignature, type SignRequest } from './signature.ts';
import type { TlsOptions } from './tls-identity.ts';
import type { Token } from './token.ts';
import { createTokens } from './create-tokens.ts';
import type { HttpReply, Method } from './transport.ts';
import type { WatchCalls } from './watch-calls.ts';
import { createWaysOut } from './ways-out.ts';
import { tokenFor, withToken } from './with-token.ts';

export type { ProviderClient } from './provider.ts';
export type { ProcessReply, StatusReply } from './reply-meaning.ts';

export interface ProviderClientOptions {
  profile: Profile;
  /** http or https; may have a path, which stands before every path of the profile. */
  baseUrl: URL;
  credentials: Credentials;
  /** What a profile cannot say: headers that are computed for each call. */
  sign?: SignRequest | undefined;
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

/** @throws TypeError when a credential is missing, or cannot be sent in a header */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { profile, baseUrl, credentials, budget } = options;
  checkCredentials(profile, credentials);
  const ways = createWaysOut(options);
  const makeCall = ways.toProvider;
  const tokenUrl = options.tokenUrl ?? tokenUrlOf(profile, baseUrl);
  const tokens = createTokens(options, tokenUrl, ways);
  const configured = secretsOf(profile, credentials);

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

  /** What goes out for a step, and what its reply is read with. */
  function prepared(step: Step, facts: Omit<CallFacts, 'baseUrl' | 'authorize'>, token: Token | null): Prepared {
    const call = built(step, facts, token);
    const sign = call.credentials ? options.sign : undefined;
    const signature = sign && createSignature(sign, baseUrl.origin);
    const { requestId, handle = null } = facts;
    // What the hook added is known when the reply is read.
    const secrets = () => longestFirst([...configured, token?.accessToken ?? '', ...(signature?.secrets ?? [])]);
    const clean = (text: string): string => sanitize(text, secrets());
    return { call, wire: { ...wireOf(call), signature }, facts: { baseUrl, requestId, handle, clean } };
  }

  async function resultOf(
    fetch: Readonly<Record<string, string>>,
    status: StatusReply,
    { context, token }: { context: CallContext; token: Token | null },
  ): Promise<StatusReply> {
    const { providerRequestId: handle } = status;
    const requestId = context.requestId ?? '';
    const { call, wire, facts } = prepared('result', { requestId, handle, fetch }, token);
    const get = async (make: MakeCall): Promise<StatusReply> => {
      const result = await make({
        operation: 'result',
        ...wire,
        providerRequestId: handle,
        context,
        read: (reply) => resultReply(profile, reply, facts, !call.credentials),
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
        const { wire, facts } = prepared('submit', submit, token);
        return makeCall({
          operation: 'submit',
          priority,
          repeated,
          ...wire,
          context,
          beforeSend,
          read: (reply, retryAfterMs) => processReply(profile, reply, retryAfterMs, facts),
        });
      });
    },

    async status(providerRequestId, context) {
      checkProviderRequestId(providerRequestId, context);
      const requestId = context.requestId ?? '';
      return withToken(tokens, context, async (token) => {
        const { wire, facts } = prepared('poll', { requestId, handle: providerRequestId }, token);
        const { status, fetch } = await makeCall<FoundStatus>({
          operation: 'status',
          ...wire,
          providerRequestId,
          context,
          read: (reply, retryAfterMs) =>
            statusReply(profile, reply, retryAfterMs, { ...facts, handle: providerRequestId }),
        });
        return fetch === null ? status : await resultOf(fetch, status, { context, token });
      });
    },

    async cancel(providerRequestId, context) {
      checkProviderRequestId(providerRequestId, context);
      if (profile.cancel === undefined) return 'not_supported';
      const requestId = context.requestId ?? '';
      return withToken(tokens, context, (token) => {
        const { wire, facts } = prepared('cancel', { requestId, handle: providerRequestId }, token);
        const read = (reply: HttpReply) => cancelReply(profile, reply, facts);
        return makeCall({ operation: 'cancel', ...wire, providerRequestId, context, read });
      });
    },

    find: (reference, context) =>
      withToken(tokens, context, (token) => {
        const { wire, facts } = prepared('lookup', { requestId: reference }, token);
        return makeCall({
          operation: 'lookup',
          ...wire,
          context,
          read: (reply) => lookupReply(profile, reply, facts),
        });
      }),

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

type Wire = Pick<Call<unknown>, 'method' | 'path' | 'headers' | 'body' | 'template'>;

interface Prepared {
  call: BuiltCall;
  wire: Wire & Pick<Call<unknown>, 'signature'>;
  facts: ReadFacts;
}

/** What goes out, as the transport takes it. */
function wireOf({ method, template, url, headers, body }: BuiltCall): Wire {
  // The schema knows no other methods.
  return { method: method as Method, template, path: url.pathname + url.search, headers: headers.flat(), body };
}

function checkProviderRequestId(id: string, { requestId }: CallContext): void {
  if (isProviderRequestId(id)) return;
  const message = `The provider_request_id cannot be asked for: expected ${PROVIDER_REQUEST_ID_SHAPE}`;
  throw callError('rejected', message, { requestId });
}
