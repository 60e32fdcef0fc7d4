/**
 * A small service of your own: it starts durable requests and answers its users.
 *
 *   POST /reports/<your id>   {"text": "…"}   starts the work; sending it again changes nothing
 *   GET  /reports/<your id>                   says where it is
 *
 * Run it beside `npm start`:  TEMPORAL_ADDRESS=127.0.0.1:7233 node dist/examples/report-service.js
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  ExternalApiClient,
  IdempotencyConflictError,
  InvalidRequestError,
  RequestNotFoundError,
} from 'durable-external-api';

const client = ExternalApiClient.connect();
/** A real service keeps this in its own database, beside the report. */
const requestIds = new Map<string, string>();

async function startReport(reportId: string, request: IncomingMessage): Promise<[number, object]> {
  // The report's id is the idempotency key: however often a user clicks, the provider is asked once.
  const handle = await client.process(
    { data: { report: reportId, text: await text(request) }, options: { async: true } },
    { idempotencyKey: reportId, tenant: 'reports' },
  );
  requestIds.set(reportId, handle.requestId);
  return [202, { report: reportId, request: handle.requestId }];
}

async function readReport(reportId: string): Promise<[number, object]> {
  const { status, result, error, waitingFor } = await client.status(requestIds.get(reportId) ?? '');
  if (status === 'completed') return [200, { status, report: result?.processedData }];
  return [200, { status, error: error?.message ?? null, waiting_until: waitingFor?.until ?? null }];
}

async function answer(request: IncomingMessage): Promise<[number, object]> {
  const reportId = /^\/reports\/([\w-]+)$/.exec(request.url ?? '')?.[1];
  if (reportId === undefined) return [404, { error: 'There is only /reports/<id> here.' }];
  try {
    return await (request.method === 'POST' ? startReport(reportId, request) : readReport(reportId));
  } catch (error) {
    if (error instanceof RequestNotFoundError) return [404, { error: `There is no report ${reportId}.` }];
    if (error instanceof IdempotencyConflictError)
      return [409, { error: 'This report was started with another text.' }];
    if (error instanceof InvalidRequestError) return [400, { error: error.message }];
    return [503, { error: 'Try again in a moment.' }];
  }
}

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  void answer(request).then(([status, body]) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
});
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log(`Reports on http://127.0.0.1:${(server.address() as { port: number }).port}/reports/<id>`);
});

process.once('SIGTERM', () => server.close(() => void client.close()));
