import { Readable } from 'node:stream';
import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RequestSnapshot } from '../../contract/request.ts';
import { isTerminal } from '../../contract/values.ts';
import { snapshotToWire } from '../../contract/wire-format.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { readOwnRequest } from '../own-request.ts';
import { eventsPath } from '../paths.ts';
import { eventsHeaders } from '../read-schemas.ts';
import { isNamedIn, stateTag } from '../state-tag.ts';
import type { Waits } from '../waits.ts';
import type { Changes, Watchers } from '../watchers.ts';
import { requestIdParams, statusResponse } from '../wire-schemas.ts';

export interface EventsRouteOptions {
  client: GatewayClient;
  waits: Waits;
  watchers: Watchers;
}

/** Proxies close a connection that says nothing for a minute, or for half of one. */
const HEARTBEAT_MS = 15_000;
const RECONNECT_AFTER_MS = 2_000;

/**
 * `GET /api/external/events/{request_id}`: the request as it is, and again after each change, up to its end, as
 * server-sent events (HTML Living Standard, "Server-sent events"). A reader who is slow gets the latest, not all.
 */
export const eventsRoute: FastifyPluginCallbackZod<EventsRouteOptions> = (app, options, done) => {
  const { client, waits, watchers } = options;
  app.get(
    eventsPath(':request_id'),
    {
      schema: {
        summary: 'Follow a request',
        operationId: 'events',
        tags: ['requests'],
        security: [{ apiKey: [] }],
        params: requestIdParams,
        headers: eventsHeaders,
        response: {
          200: {
            description: 'An event `status` for each change, with the request as `data` and its ETag as `id`',
            content: { 'text/event-stream': { schema: z.unknown().meta({ type: 'string' }) } },
          },
          204: z.null().meta({ description: 'It had ended with the latest event: there is nothing more to come' }),
        },
        responseHeaders: { 200: ['Cache-Control'] },
      },
    },
    async (request, reply) => {
      const { request_id: requestId } = request.params;
      const last = request.headers['last-event-id'];
      const first = await readOwnRequest(client, request, requestId);
      const isKnown = isNamedIn(last, stateTag(first));
      // An EventSource that is closed comes back, unless it is told so.
      if (isKnown && isTerminal(first.status)) return reply.code(204).send(null);
      waits.refuseWithoutRoom(request, 'change');
      async function* events(): AsyncGenerator<string> {
        // Only once it is read: what is never read is never ended either.
        using wait = waits.open(reply, 'change');
        using changes = watchers.watch(requestId, request.tenant);
        yield* eventsOf(first, isKnown, changes, wait.signal);
      }
      // Who reads events closes no half of its connection: it is gone.
      const { socket } = request.raw;
      const leave = () => reply.raw.destroy();
      socket.once('end', leave);
      reply.raw.once('close', () => socket.off('end', leave));
      reply.header('cache-control', 'no-store').type('text/event-stream');
      return reply.send(Readable.from(events(), { objectMode: false, highWaterMark: 1 }));
    },
  );
  done();
};

async function* eventsOf(
  first: RequestSnapshot,
  isKnown: boolean,
  changes: Changes,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_AFTER_MS}\n\n`;
  let told = first;
  if (!isKnown) yield eventOf(first);
  while (!isTerminal(told.status) && !signal.aborted) {
    const change = await changes.from(told, AbortSignal.any([signal, AbortSignal.timeout(HEARTBEAT_MS)]));
    if (change !== null) yield eventOf((told = change));
    else if (!signal.aborted) yield ': still the same\n\n';
  }
}

/** JSON has no line breaks of its own. */
function eventOf(snapshot: RequestSnapshot): string {
  const data = JSON.stringify(statusResponse.parse(snapshotToWire(snapshot)));
  return `id: ${stateTag(snapshot)}\nevent: status\ndata: ${data}\n\n`;
}
