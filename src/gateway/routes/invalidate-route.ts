import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { TemporalUnavailableError } from '../../client/client-errors.ts';
import type { InvalidateOptions } from '../../client/start-invalidation.ts';
import { calledBy } from '../../contract/called-by.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { HttpError } from '../http-error.ts';
import { readOwnRequest } from '../own-request.ts';
import { INVALIDATE_PATH } from '../paths.ts';
import { invalidateBody, invalidatedResponse } from '../process-schemas.ts';
import { problemResponses } from '../wire-schemas.ts';
import { toInput } from '../process-options.ts';

/** `POST /api/external/cache/invalidate`: makes the response cache forget answers of the caller's own tenant. */
export const invalidateRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  app.post(
    INVALIDATE_PATH,
    {
      schema: {
        summary: 'Make the response cache forget',
        operationId: 'invalidate',
        tags: ['cache'],
        security: [{ apiKey: [] }],
        body: invalidateBody,
        response: {
          200: invalidatedResponse,
          ...problemResponses({
            404: 'No such request, or not one of this tenant, or its retention has passed',
            503: 'No worker has done it yet; one that comes back still does',
          }),
        },
      },
    },
    async (request, reply) => {
      const { tenant } = request;
      const { request_id: requestId, data, options } = request.body;
      if (requestId !== undefined) await readOwnRequest(client, request, requestId);
      const by = calledBy(tenant);
      const which: InvalidateOptions =
        requestId !== undefined
          ? { requestId, by }
          : { tenant, by, ...(data !== undefined && { input: toInput({ data, options }) }) };
      await client.invalidate(which).catch(notYet);
      return reply.code(200).send({ success: true as const });
    },
  );
  done();
};

/** Whether requests can be taken and read is another question. */
function notYet(error: unknown): never {
  if (!(error instanceof TemporalUnavailableError)) throw error;
  const detail = 'The answers are not forgotten yet; what was begun is still done. It may be repeated.';
  throw new HttpError(503, error.name, detail, { 'retry-after': '5' }, error);
}
