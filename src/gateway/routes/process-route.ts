import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { ResultTimeoutError, TemporalUnavailableError } from '../../client/client-errors.ts';
import { ExternalAPIError } from '../../contract/errors.ts';
import type { ProcessResult, RequestState } from '../../contract/request.ts';
import { errorToWire, resultToWire } from '../../contract/wire-format.ts';
import { errorForCallers } from '../../contract/callers-words.ts';
import type { GatewayClient, StartedRequest } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import type { InFlight } from '../limits/in-flight.ts';
import { cacheOptions, type Key, keyOf, processOptions, toInput } from '../process-options.ts';
import { PROCESS_PATH, statusPath } from '../paths.ts';
import { type Preferences, preferencesOf } from '../prefer.ts';
import { processBody, processHeaders } from '../process-schemas.ts';
import { acceptedResponse, problemResponses, processedResponse } from '../wire-schemas.ts';
import type { Waits } from '../waits.ts';

export interface ProcessRouteOptions {
  client: GatewayClient;
  syncWaitMs: number;
  waits: Waits;
  /** Null: a tenant may have as many requests open as it likes. */
  inFlight: InFlight | null;
}

const RETRY_AFTER_SECONDS = 2;

/** `POST /api/external/process`: starts a durable request and, unless asked not to, waits a while for its result. */
export const processRoute: FastifyPluginCallbackZod<ProcessRouteOptions> = (app, options, done) => {
  const { client, syncWaitMs, waits, inFlight } = options;
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
            413: 'The body is larger than is taken here, or its JSON larger than can be kept',
            422: 'The provider refused the input, or the Idempotency-Key belongs to another input',
            502: 'The request failed at the provider; with a provider_request_id the provider may have done it',
            504: 'The request ended at its deadline',
          }),
        },
        responseHeaders: {
          200: ['Age', 'Preference-Applied'],
          202: ['Location', 'Preference-Applied', 'Retry-After'],
        },
      },
    },
    async (request, reply) => {
      const key = keyOf(request.headers['idempotency-key'], request.body.options);
      const start = (): Promise<StartedRequest> =>
        client.process(toInput(request.body), {
          tenant: request.tenant,
          ...processOptions(request.body.options, key),
          ...cacheOptions(request.headers['cache-control'] ?? ''),
        });
      const starting = inFlight === null ? start() : inFlight.start(request, start);
      const started = await starting.catch((error: unknown) => {
        throw maybeStarted(error, request, key);
      });
      request.externalRequestId = started.requestId;
      const prefers = preferencesOf(request.headers.prefer);
      const waitMs = waits.hasRoom(request, 'result')
        ? waitOf(prefers, request.body.options?.async === true, syncWaitMs)
        : 0;
      const applied = appliedOf(prefers, waitMs);
      if (applied !== null) reply.header('preference-applied', applied);
      if (waitMs === 0) return accepted(reply, started);
      const state = await waits
        .during(reply, 'result', (signal) => resultWithin(started, waitMs, signal))
        .catch(async (error: unknown) => {
          inFlight?.ended(request.tenant, started.requestId);
          if (error instanceof ExternalAPIError) request.retriedBy = await retryOf(started);
          throw error;
        });
      if (!state?.result) return accepted(reply, started);
      inFlight?.ended(request.tenant, started.requestId);
      const age = ageSeconds(state, Date.now());
      if (age !== null) reply.header('age', age);
      return reply.code(200).send(processed(started, state, state.result));
    },
  );
  done();
};

/** A caller may ask for less than the gateway waits by itself, and with `async` for a wait at all. */
function waitOf({ respondAsync, wait }: Preferences, isAsync: boolean, syncWaitMs: number): number {
  if (wait !== null) return Math.min(1000 * wait, syncWaitMs);
  return respondAsync || isAsync ? 0 : syncWaitMs;
}

/** What was heeded (RFC 7240, section 3); null: nothing was. */
function appliedOf({ respondAsync, wait }: Preferences, waitMs: number): string | null {
  const applied = [
    ...(respondAsync ? ['respond-async'] : []),
    ...(wait !== null && waitMs === 1000 * wait ? [`wait=${wait}`] : []),
  ];
  return applied.length === 0 ? null : applied.join(', ');
}

/**
 * A start that nobody answered may have happened. To come back with its key is safe; whoever gave none is told ours, but no
 * time, since a program that repeats the post as it was would do the work twice.
 */
function maybeStarted(error: unknown, request: FastifyRequest, { idempotencyKey, isCallers }: Key): unknown {
  if (!(error instanceof TemporalUnavailableError) || error.requestId === null) return error;
  request.externalRequestId = error.requestId;
  const how = isCallers ? 'with the same Idempotency-Key' : `with Idempotency-Key: ${idempotencyKey}`;
  const again = `, or send the same body again ${how}: that is the same request, and is never done twice`;
  const detail = `It may have been taken, as ${error.requestId}; no answer says so. Read it${idempotencyKey === null ? '' : again}.`;
  const headers: Record<string, string> = isCallers ? { 'retry-after': '5' } : {};
  const members = idempotencyKey === null ? {} : { idempotency_key: idempotencyKey };
  return new HttpError(503, error.name, detail, headers, error, members);
}

/** The request that repeats one that failed. Not to know it is no error. */
async function retryOf(started: StartedRequest): Promise<string | null> {
  return await started.status().then(
    ({ retriedBy }) => retriedBy,
    () => null,
  );
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
