import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { calledBy } from '../../contract/called-by.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { readOwnRequest } from '../own-request.ts';
import { cancelPath, statusPath } from '../paths.ts';
import { cancelBody } from '../read-schemas.ts';
import { acceptedResponse, problemResponses, requestIdParams } from '../wire-schemas.ts';

/**
 * `POST /api/external/cancel/{request_id}`: asks for the end of a request. What became of its work, its status says: a
 * provider may have done it already.
 */
export const cancelRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  app.post(
    cancelPath(':request_id'),
    {
      schema: {
        summary: 'Ask for the end of a request',
        operationId: 'cancel',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        body: cancelBody,
        response: {
          202: acceptedResponse.meta({ description: 'Asked for. The status says what became of it' }),
          ...problemResponses({ 409: 'It has ended already' }),
        },
        responseHeaders: { 202: ['Location'] },
      },
    },
    async (request, reply) => {
      const requestId = request.params.request_id;
      const { cancelRequested } = await readOwnRequest(client, request, requestId);
      const reason = request.body?.reason;
      const by = calledBy(request.tenant);
      if (!cancelRequested) await client.cancel(requestId, reason === undefined ? by : `${by}: ${reason}`);
      return reply
        .code(202)
        .header('location', statusPath(requestId))
        .send({ success: true as const, request_id: requestId });
    },
  );
  done();
};
