/**
 * A small service that is told the ends of its requests, and need not ask.
 *
 *   POST /hooks/results   a delivery: signed, told at least once
 *   GET  /results/<id>    what it was told of a request
 *
 * Run it beside a worker that delivers, with the secret that the worker has for your tenant:
 *
 *   WEBHOOK_SECRET=whsec_… node dist/examples/webhook-receiver.js
 */
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ExternalApiClient, WebhookVerificationError, type DeliveryEvent } from 'durable-external-api';

const secret = process.env['WEBHOOK_SECRET'] ?? '';
/** A real service keeps both in its own database, in one transaction with what it does about the event. */
const seen = new Set<string>();
const results = new Map<string, DeliveryEvent['data']>();

async function take(request: IncomingMessage): Promise<number> {
  // The bytes as they came: what is parsed and written again has another signature.
  const event = ExternalApiClient.webhooks.unwrap(await buffer(request), request.headers, secret);
  const id = String(request.headers['webhook-id']);
  // An answer of ours that was lost is not known there: the same end comes again.
  if (seen.has(id)) return 204;
  seen.add(id);
  results.set(event.data.request_id, event.data);
  if (event.type === 'request.completed') console.log(`${event.data.request_id} has a result`);
  else
    console.log(`${event.data.request_id} is ${event.data.status}: ${event.data.error?.message ?? 'nobody wants it'}`);
  return 204;
}

const server = createServer((request, response) => {
  const requestId = /^\/results\/(\w+)$/.exec(request.url ?? '')?.[1];
  if (requestId !== undefined) {
    const data = results.get(requestId);
    response.writeHead(data === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(data ?? { error: 'Nothing was told of it yet.' }));
    return;
  }
  take(request).then(
    (status) => response.writeHead(status).end(),
    (error: unknown) => {
      // Only what is not ours is refused for good: after anything else it is told again.
      const isForeign = error instanceof WebhookVerificationError;
      if (isForeign) console.error(error.message);
      response.writeHead(isForeign ? 401 : 500).end();
    },
  );
});
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`Told at http://127.0.0.1:${(server.address() as { port: number }).port}/hooks/results`);
});

process.once('SIGTERM', () => server.close());
