import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { whyForCaller } from '../callers-why.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { readOwnRequest } from '../own-request.ts';
import { whyPath } from '../paths.ts';
import { whyResponse } from '../read-schemas.ts';
import { requestIdParams } from '../wire-schemas.ts';

/** `GET /api/external/why/{request_id}`: why a tenant's own request is where it is. */
export const whyRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  app.get(
    whyPath(':request_id'),
    {
      schema: {
        summary: 'Why a request is where it is',
        operationId: 'why',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        response: { 200: whyResponse },
        responseHeaders: { 200: ['Cache-Control'] },
      },
    },
    async (request, reply) => {
      const snapshot = await readOwnRequest(client, request, request.params.request_id);
      reply.header('cache-control', 'no-store');
      return whyForCaller(snapshot);
    },
  );
  done();
};
