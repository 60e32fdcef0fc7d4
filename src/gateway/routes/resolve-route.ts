import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { TemporalUnavailableError } from '../../client/client-errors.ts';
import type { ResolveOptions } from '../../client/resolve-request.ts';
import { calledBy } from '../../contract/called-by.ts';
import { snapshotToWire } from '../../contract/wire-format.ts';
import { stateForCallers } from '../../contract/callers-words.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import { readOwnRequest } from '../own-request.ts';
import { resolvePath } from '../paths.ts';
import { resolutionBody } from '../../client/resolution-input.ts';
import { problemResponses, requestIdParams, statusResponse } from '../wire-schemas.ts';

/** `POST /api/external/resolve/{request_id}`: a person's decision on a tenant's own unknown outcome. */
export const resolveRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  const path = resolvePath(':request_id');
  app.post(
    path,
    {
      schema: {
        summary: 'Decide on an unknown outcome',
        operationId: 'resolve',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        body: resolutionBody,
        response: {
          200: statusResponse,
          ...problemResponses({
            409: 'There is nothing to decide: its outcome is not unknown, or not any more',
            503: 'Not at the moment, or not known whether: see Retry-After',
          }),
        },
        responseHeaders: { 200: ['Cache-Control'] },
      },
    },
    async (request, reply) => {
      const requestId = request.params.request_id;
      const before = await readOwnRequest(client, request, requestId);
      const decision = toDecision(request.body, request.tenant);
      const state = await client.resolve(requestId, decision).catch(notKnown);
      // The decision is taken: not being able to read on is no error of it.
      const after = await readOwnRequest(client, request, requestId).catch(() => ({
        ...before,
        ...stateForCallers(state),
        cancellation: state.cancellation ?? null,
        resolution: state.resolution ?? null,
        waitingFor: null,
      }));
      reply.header('cache-control', 'no-store');
      return snapshotToWire(after);
    },
  );
  done();
};

/** What a caller calls itself is its own word: the tenant that we know stands before it. */
function toDecision(body: z.output<typeof resolutionBody>, tenant: string): ResolveOptions {
  const { reason } = body;
  const by = calledBy(tenant) + ((body.by ?? null) === null ? '' : ` (${body.by})`);
  return body.decision === 'adopt'
    ? { decision: body.decision, providerRequestId: body.provider_request_id, by, reason }
    : { decision: body.decision, by, reason };
}

/** "Repeat it later", as other calls are told, would be wrong here. */
function notKnown(error: unknown): never {
  if (!(error instanceof TemporalUnavailableError)) throw error;
  throw new HttpError(
    503,
    'TemporalUnavailableError',
    'No answer says whether the decision was taken; it may still be. Read the request before you repeat it.',
    { 'retry-after': '5' },
  );
}
