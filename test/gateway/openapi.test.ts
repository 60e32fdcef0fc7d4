import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { CallbackKeys } from '../../src/callbacks/link.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { InMemoryClient } from './in-memory-client.ts';
import { startGateway } from './running-gateway.ts';

interface Operation {
  requestBody?: { content: Record<string, { schema: object; examples?: object }> };
  responses: Record<string, { description: string; headers: object; content: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples?: unknown[] }>; securitySchemes: object };
}

async function readDocument(): Promise<Document> {
  const { url } = await startGateway();
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document;
}

const ALWAYS = ['400', '405', '408', '417', '431', '500', '503'];
const TO_CALLERS = ['401', '403', '429', ...ALWAYS];
const WITH_BODY = ['413', '415', ...TO_CALLERS];
const ANSWERS: Record<string, string[]> = {
  'get /healthz': ['200', ...ALWAYS],
  'get /readyz': ['200', ...ALWAYS],
  'post /api/external/process': ['200', '202', '409', '422', '502', '504', ...WITH_BODY],
  'get /api/external/status/{request_id}': ['200', '304', '404', ...TO_CALLERS],
  'get /api/external/events/{request_id}': ['200', '204', '404', ...TO_CALLERS],
  'get /api/external/why/{request_id}': ['200', '404', ...TO_CALLERS],
  'get /api/external/requests': ['200', ...TO_CALLERS],
  'post /api/external/cancel/{request_id}': ['202', '404', '409', ...WITH_BODY],
  'post /api/external/resolve/{request_id}': ['200', '404', '409', ...WITH_BODY],
  'get /api/external/deliveries': ['200', ...TO_CALLERS],
  'post /api/external/deliveries/{request_id}/redeliver': ['202', '404', '409', ...WITH_BODY],
  'post /api/external/cache/invalidate': ['200', '404', ...WITH_BODY],
};

test('[M22] the OpenAPI document is 3.1 and lists every route with every status that it may have', async () => {
  const { openapi, paths } = await readDocument();
  expect(openapi).toMatch(/^3\.1\./);
  const answers = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { responses }]) => [`${method} ${path}`, Object.keys(responses)]),
  );
  expect(Object.fromEntries(answers)).toEqual(
    Object.fromEntries(Object.entries(ANSWERS).map(([route, statuses]) => [route, statuses.toSorted()])),
  );
});

test('[M22] each error of the document is the one problem that stands among its components', async () => {
  const { paths, components } = await readDocument();
  const errors = Object.values(paths)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ responses }) => Object.entries(responses))
    .filter(([status]) => Number(status) >= 400);
  expect(errors.length).toBeGreaterThan(40);
  for (const [, { content, description }] of errors) {
    expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
    expect(description).not.toBe('Default Response');
  }
  expect(Object.keys(components.schemas).toSorted()).toEqual(['Problem', 'RequestError', 'RequestStatus', 'Result']);
  expect(components.schemas['Problem']?.examples).toHaveLength(1);
  expect(components.securitySchemes).toMatchObject({ apiKey: { type: 'http', scheme: 'bearer' } });
});

test('[M22] an answer lists the header fields that a caller may act on', async () => {
  const { paths } = await readDocument();
  const headersOf = (path: string, method: string, status: number) =>
    Object.keys(paths[path]?.[method]?.responses[status]?.headers ?? {});
  expect(headersOf('/api/external/process', 'post', 200)).toEqual(['Age', 'Preference-Applied']);
  expect(headersOf('/api/external/process', 'post', 202)).toEqual(['Location', 'Preference-Applied', 'Retry-After']);
  expect(headersOf('/api/external/process', 'post', 401)).toEqual(['WWW-Authenticate']);
  expect(headersOf('/api/external/process', 'post', 405)).toEqual(['Allow']);
  expect(headersOf('/api/external/process', 'post', 415)).toEqual(['Accept', 'Accept-Encoding']);
  expect(headersOf('/api/external/process', 'post', 429)).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
  expect(headersOf('/api/external/process', 'post', 503)).toEqual(['Retry-After']);
  expect(headersOf('/api/external/status/{request_id}', 'get', 200)).toEqual(['Cache-Control', 'ETag', 'Retry-After']);
});

test('[M22] an answer without a body has no content in the document', async () => {
  const { paths } = await readDocument();
  expect(paths['/api/external/status/{request_id}']?.['get']?.responses['304']).not.toHaveProperty('content');
  expect(paths['/api/external/events/{request_id}']?.['get']?.responses['204']).not.toHaveProperty('content');
  expect(paths['/api/external/events/{request_id}']?.['get']?.responses['200']?.content).toEqual({
    'text/event-stream': { schema: { type: 'string' } },
  });
});

test('[M22] the bodies of the document have examples, and no member more than the gateway takes', async () => {
  const { paths } = await readDocument();
  const start = paths['/api/external/process']?.['post']?.requestBody?.content['application/json'];
  expect(start).toMatchObject({ schema: { required: ['data'], additionalProperties: false } });
  expect(Object.keys(start?.examples ?? {})).toHaveLength(2);
  const decide = paths['/api/external/resolve/{request_id}']?.['post']?.requestBody;
  expect(decide?.content['application/json']?.schema).toMatchObject({
    oneOf: [
      { required: ['decision', 'reason'], additionalProperties: false },
      { required: ['decision', 'provider_request_id', 'reason'], additionalProperties: false },
    ],
  });
});

test('[M22] an answer without a body has none in the document', async () => {
  const keys: CallbackKeys = [{ id: 'k1', secret: Buffer.alloc(32) }];
  const callbacks = { provider: 'x', keys, idAt: null, signature: null };
  const logger = pino({ level: 'silent' });
  const app = buildGateway({ client: new InMemoryClient(), apiKeys: null, syncWaitMs: 0, callbacks, logger });
  const { paths } = (await app.inject('/openapi.json')).json<Document>();
  await app.close();
  const answer = paths['/callbacks/{token}']?.['post']?.responses['204'];
  expect(answer).toEqual({ description: 'Taken, also where the request has ended', headers: {} });
});
