import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { RequestSummary } from '../../client/list-requests.ts';
import { errorToWire } from '../../contract/wire-format.ts';
import { errorForCallers } from '../../contract/callers-words.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { REQUESTS_PATH } from '../paths.ts';
import { requestsQuery, requestsResponse } from '../read-schemas.ts';

/** `GET /api/external/requests`: the caller's own requests, the running ones first. */
export const requestsRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  app.get(
    REQUESTS_PATH,
    {
      schema: {
        summary: 'List requests',
        operationId: 'requests',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        querystring: requestsQuery,
        response: { 200: requestsResponse },
        responseHeaders: { 200: ['Cache-Control'] },
      },
    },
    async (request, reply) => {
      const { tenant, query } = request;
      const { status, since, ended_since: endedSince, error, errors, cursor, limit } = query;
      const list = client.list({
        tenant,
        limit,
        ...(status !== undefined && { status }),
        ...(since !== undefined && { since }),
        ...(endedSince !== undefined && { endedSince }),
        ...(error !== undefined && { error }),
        ...(errors !== undefined && { withErrors: errors }),
        ...(cursor !== undefined && { cursor }),
      });
      const requests = [];
      for await (const summary of list) requests.push(summaryToWire(summary));
      reply.header('cache-control', 'no-store');
      return { requests, next_cursor: list.nextCursor };
    },
  );
  done();
};

function summaryToWire({ requestId, status, createdAt, completedAt, retryOf, error }: RequestSummary) {
  return {
    request_id: requestId,
    status,
    created_at: createdAt,
    completed_at: completedAt,
    retry_of: retryOf,
    ...(error !== null && { error: errorToWire(errorForCallers(error)) }),
  };
}
