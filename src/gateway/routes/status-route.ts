import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type RequestSnapshot } from '../../contract/request.ts';
import { snapshotToWire } from '../../contract/wire-format.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { allowOnly } from '../methods.ts';
import { readOwnRequest } from '../own-request.ts';
import { statusPath } from '../paths.ts';
import { problemResponses, statusResponse } from '../wire-schemas.ts';
import { isTerminal } from '../../contract/values.ts';

/** `GET /api/external/status/{request_id}`: a tenant's own request. Another tenant's does not exist for it. */
export const statusRoute: FastifyPluginCallbackZod<{ client: GatewayClient }> = (app, { client }, done) => {
  const path = statusPath(':request_id');
  allowOnly(app, path, ['GET', 'HEAD']);
  app.get(
    path,
    {
      schema: {
        summary: 'Read a request',
        operationId: 'status',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: z.object({ request_id: z.string() }),
        response: {
          200: statusResponse,
          ...problemResponses({
            401: 'No API key, or an unknown one',
            404: 'No such request, or not one of this tenant, or its retention has passed',
            503: 'Not at the moment: see Retry-After',
          }),
        },
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
