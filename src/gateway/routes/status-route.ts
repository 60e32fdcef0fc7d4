import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RequestSnapshot } from '../../contract/request.ts';
import { isTerminal } from '../../contract/values.ts';
import { snapshotToWire } from '../../contract/wire-format.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { readOwnRequest } from '../own-request.ts';
import { statusPath } from '../paths.ts';
import { statusHeaders, statusQuery } from '../read-schemas.ts';
import { isNamedIn, stateTag } from '../state-tag.ts';
import type { Waits } from '../waits.ts';
import type { Watchers } from '../watchers.ts';
import { requestIdParams, statusResponse } from '../wire-schemas.ts';

export interface StatusRouteOptions {
  client: GatewayClient;
  waits: Waits;
  watchers: Watchers;
}

/**
 * `GET /api/external/status/{request_id}`: a tenant's own request, now or with `wait` after its next change. Another
 * tenant's does not exist for it.
 */
export const statusRoute: FastifyPluginCallbackZod<StatusRouteOptions> = (app, options, done) => {
  const { client, waits, watchers } = options;
  app.get(
    statusPath(':request_id'),
    {
      schema: {
        summary: 'Read a request, at once or after its next change',
        operationId: 'status',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        querystring: statusQuery,
        headers: statusHeaders,
        response: { 200: statusResponse, 304: z.null().meta({ description: 'As If-None-Match has it' }) },
        responseHeaders: {
          200: ['Cache-Control', 'ETag', 'Retry-After'],
          304: ['Cache-Control', 'ETag', 'Retry-After'],
        },
      },
    },
    async (request, reply) => {
      const { request_id: requestId } = request.params;
      const known = request.headers['if-none-match'];
      const read = (): Promise<RequestSnapshot> => readOwnRequest(client, request, requestId);
      let snapshot = await read();
      const waitMs = 1000 * (request.query.wait ?? 0);
      const isNews = known !== undefined && !isNamedIn(known, stateTag(snapshot));
      if (waitMs > 0 && !isNews && !isTerminal(snapshot.status)) {
        waits.refuseWithoutRoom(request, 'change');
        using wait = waits.open(reply, 'change');
        using changes = watchers.watch(requestId, request.tenant);
        const change = await changes.from(snapshot, AbortSignal.any([wait.signal, AbortSignal.timeout(waitMs)]));
        snapshot = change ?? (await read());
      }
      const tag = stateTag(snapshot);
      reply.headers({ 'cache-control': 'no-store', etag: tag });
      const retryAfter = retryAfterSeconds(snapshot, Date.now());
      if (retryAfter !== null) reply.header('retry-after', retryAfter);
      if (isNamedIn(known, tag)) return reply.code(304).send(null);
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
