import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { ResultTimeoutError, TemporalUnavailableError } from '../../client/client-errors.ts';
import { ExternalAPIError } from '../../contract/errors.ts';
import type { ProcessInput, ProcessResult, RequestState } from '../../contract/request.ts';
import { errorToWire, resultToWire } from '../../contract/wire-format.ts';
import type { ProcessOptions } from '../../client/client-options.ts';
import { errorForCallers } from '../callers-words.ts';
import type { GatewayClient, StartedRequest } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import { PROCESS_PATH, statusPath } from '../paths.ts';
import {
  acceptedResponse,
  problemResponses,
  processBody,
  processHeaders,
  processedResponse,
  type ProcessBody,
} from '../wire-schemas.ts';
import type { Waits } from '../waits.ts';

export interface ProcessRouteOptions {
  client: GatewayClient;
  syncWaitMs: number;
  waits: Waits;
}

const RETRY_AFTER_SECONDS = 2;

/** `POST /api/external/process`: starts a durable request and, unless asked not to, waits a while for its result. */
export const processRoute: FastifyPluginCallbackZod<ProcessRouteOptions> = (app, options, done) => {
  const { client, syncWaitMs, waits } = options;
  app.post(
    PROCESS_PATH,
    {
      schema: {
        summary: 'Process data',
        operationId: 'process',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        headers: processHeaders,
        body: processBody,
        response: {
          200: processedResponse,
          202: acceptedResponse,
          ...problemResponses({
            409: 'The request was cancelled while the caller waited',
            413: 'The body is larger than 1 MiB, or its JSON larger than can be kept',
            422: 'The provider refused the input, or the Idempotency-Key belongs to another input',
            502: 'The request failed at the provider; with a provider_request_id the provider may have done it',
            504: 'The request ended at its deadline',
          }),
        },
        responseHeaders: { 200: ['Age'], 202: ['Location', 'Retry-After'] },
      },
    },
    async (request, reply) => {
      const given = request.headers['idempotency-key'];
      const key = { idempotencyKey: given ?? randomUUID(), isCallers: given !== undefined };
      const started = await client
        .process(toInput(request.body), {
          tenant: request.tenant,
          idempotencyKey: key.idempotencyKey,
          // Our key means nothing to the cache: only with a key of its own did the caller mean it twice.
          ...(!key.isCallers && { cache: 'read' }),
          ...cacheOptionsOf(request.headers['cache-control'] ?? ''),
        })
        .catch((error: unknown) => {
          throw maybeStarted(error, request, key);
        });
      request.externalRequestId = started.requestId;
      if (request.body.options?.async === true || syncWaitMs === 0) return accepted(reply, started);
      const state = await waits
        .during(reply, (signal) => resultWithin(started, syncWaitMs, signal))
        .catch(async (error: unknown) => {
          if (error instanceof ExternalAPIError) request.retriedBy = await retryOf(started);
          throw error;
        });
      if (!state?.result) return accepted(reply, started);
      const age = ageSeconds(state, Date.now());
      if (age !== null) reply.header('age', age);
      return reply.code(200).send(processed(started, state, state.result));
    },
  );
  done();
};

/**
 * A start that nobody answered may have happened. To come back with its key is safe; whoever gave none is told ours, but no
 * time, since a program that repeats the post as it was would do the work twice.
 */
function maybeStarted(
  error: unknown,
  request: FastifyRequest,
  { idempotencyKey, isCallers }: { idempotencyKey: string; isCallers: boolean },
): unknown {
  if (!(error instanceof TemporalUnavailableError) || error.requestId === null) return error;
  request.externalRequestId = error.requestId;
  const again = isCallers ? 'with the same Idempotency-Key' : `with Idempotency-Key: ${idempotencyKey}`;
  const detail =
    `It may have been taken, as ${error.requestId}; no answer says so. Read it, or send the same body again ${again}: ` +
    'that is the same request, and is never done twice.';
  const headers: Record<string, string> = isCallers ? { 'retry-after': '5' } : {};
  return new HttpError(503, error.name, detail, headers, error, { idempotency_key: idempotencyKey });
}

/** The request that repeats one that failed. Not to know it is no error. */
async function retryOf(started: StartedRequest): Promise<string | null> {
  return await started.status().then(
    ({ retriedBy }) => retriedBy,
    () => null,
  );
}

/** No EXTERNAL_API_CACHE_TTL is longer. */
const LONGEST_KEPT_S = 7 * 24 * 3_600;

/** RFC 9111, section 5.2.1: what a request may say of the cache, as far as it concerns this one. */
function cacheOptionsOf(header: string): Pick<ProcessOptions, 'cache' | 'cacheMaxAge'> {
  const directives = header.split(',').map((directive) => directive.trim().toLowerCase());
  if (directives.includes('no-store')) return { cache: 'off' };
  if (directives.includes('no-cache')) return { cache: 'refresh' };
  const maxAge = directives
    .map((directive) => /^max-age=(\d{1,9})$/.exec(directive)?.[1])
    .find((age) => age !== undefined);
  if (maxAge === undefined) return {};
  const seconds = Math.min(Number(maxAge), LONGEST_KEPT_S);
  return seconds === 0 ? { cache: 'refresh' } : { cache: 'read', cacheMaxAge: seconds * 1000 };
}

/** RFC 9111, section 5.1; null for an answer that is new. */
function ageSeconds({ cachedAt }: RequestState, now: number): number | null {
  return cachedAt ? Math.max(0, Math.floor((now - Date.parse(cachedAt)) / 1000)) : null;
}

/** The contract's own shape for an answer of the provider; any other is marked. */
function processed({ requestId }: StartedRequest, { source, error }: RequestState, result: ProcessResult) {
  return {
    success: true as const,
    result: resultToWire(result),
    request_id: requestId,
    ...(source !== null && source !== 'provider' && { source }),
    ...(error !== null && { error: errorToWire(errorForCallers(error)) }),
  };
}

export function toInput({ data, options }: ProcessBody): ProcessInput {
  return {
    data,
    options: {
      async: options?.async ?? false,
      ...(typeof options?.callback_url === 'string' && { callbackUrl: options.callback_url }),
    },
  };
}

function accepted(reply: FastifyReply, { requestId }: StartedRequest) {
  return reply
    .code(202)
    .headers({ location: statusPath(requestId), 'retry-after': RETRY_AFTER_SECONDS })
    .send({ success: true as const, request_id: requestId });
}

/**
 * The finished request, or null when it is not finished in time. Whatever ends the wait, the request was taken: a
 * caller told "unavailable" here would send it again.
 */
async function resultWithin(
  started: StartedRequest,
  timeout: number,
  signal: AbortSignal,
): Promise<RequestState | null> {
  try {
    return await started.result({ timeout, signal });
  } catch (error) {
    if (signal.aborted || error instanceof ResultTimeoutError || error instanceof TemporalUnavailableError) return null;
    throw error;
  }
}
