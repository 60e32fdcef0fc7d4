import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { deliveryToWire } from '../../client/delivery-to-wire.ts';
import { calledBy } from '../../contract/called-by.ts';
import { withoutSettings } from '../../contract/callers-words.ts';
import { deliveriesQuery, deliveriesResponse, redeliverBody, redeliveryResponse } from '../delivery-schemas.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { tellingForeign } from '../own-request.ts';
import { DELIVERIES_PATH, redeliverPath } from '../paths.ts';
import { problemResponses, requestIdParams } from '../wire-schemas.ts';

/** What a tenant sees of its own deliveries: `GET …/deliveries`, and `POST …/deliveries/{request_id}/redeliver`. */
export const deliveryRoutes: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  const common = { tags: ['deliveries'], security: [{ apiKey: [] }] };
  app.get(
    DELIVERIES_PATH,
    {
      schema: {
        ...common,
        summary: 'List deliveries',
        operationId: 'listDeliveries',
        querystring: deliveriesQuery,
        response: { 200: deliveriesResponse },
        responseHeaders: { 200: ['Cache-Control'] },
      },
    },
    async ({ tenant, query: { status, limit } }, reply) => {
      const deliveries = [];
      for await (const one of client.deliveries.list({ tenant, status, limit })) {
        // The origin in it is the tenant's own.
        const reason = one.reason && withoutSettings(one.reason);
        deliveries.push(deliveryToWire({ ...one, reason }));
      }
      reply.header('cache-control', 'no-store');
      return { deliveries };
    },
  );
  app.post(
    redeliverPath(':request_id'),
    {
      schema: {
        ...common,
        summary: 'Deliver the end of a request again',
        operationId: 'redeliver',
        params: requestIdParams,
        body: redeliverBody,
        response: {
          202: redeliveryResponse,
          ...problemResponses({ 409: 'There is no end to deliver: it still runs, or had no callback_url' }),
        },
      },
    },
    async (request, reply) => {
      const { tenant, body, params } = request;
      request.externalRequestId = params.request_id;
      const asked = { by: calledBy(tenant), reason: body.reason, tenant };
      const begun = await client.deliveries.redeliver(params.request_id, asked).catch(tellingForeign(request));
      const { requestId, webhookId, target } = begun;
      return reply.code(202).send({ success: true as const, request_id: requestId, webhook_id: webhookId, target });
    },
  );
  done();
};
