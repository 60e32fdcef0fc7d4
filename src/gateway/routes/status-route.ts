import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { type RequestSnapshot } from '../../contract/request.ts';
import { snapshotToWire } from '../../contract/wire-format.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { readOwnRequest } from '../own-request.ts';
import { statusPath } from '../paths.ts';
import { requestIdParams, statusResponse } from '../wire-schemas.ts';
import { isTerminal } from '../../contract/values.ts';

/** `GET /api/external/status/{request_id}`: a tenant's own request. Another tenant's does not exist for it. */
export const statusRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  const path = statusPath(':request_id');
  app.get(
    path,
    {
      schema: {
        summary: 'Read a request',
        operationId: 'status',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        response: { 200: statusResponse },
        responseHeaders: { 200: ['Cache-Control', 'Retry-After'] },
      },
    },
    async (request, reply) => {
      const snapshot = await readOwnRequest(client, request, request.params.request_id);
      reply.header('cache-control', 'no-store');
      const retryAfter = retryAfterSeconds(snapshot, Date.now());
      if (retryAfter !== null) reply.header('retry-after', retryAfter);
      return snapshotToWire(snapshot);
    },
  );
  done();
};

/** When to ask again: at the next step that is known, within a minute; null once nothing changes any more. */
export function retryAfterSeconds(
  { status, waitingFor }: Pick<RequestSnapshot, 'status' | 'waitingFor'>,
  now: number,
): number | null {
  if (isTerminal(status)) return null;
  const until = waitingFor?.until ? Date.parse(waitingFor.until) - now : 2_000;
  return Math.min(60, Math.max(1, Math.ceil(until / 1000)));
}
