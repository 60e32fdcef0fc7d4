import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { buildGateway, type GatewayDeps } from '../../src/gateway/build-gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { unknownIn } from '../helpers/event-line.ts';
import { parsedLines } from '../helpers/parsed-lines.ts';
import { InMemoryClient } from './in-memory-client.ts';

export const ACME = 'acme-key-canary-1';
export const OTHER = 'other-key-canary-2';
const KEYS = new Map([
  [digestOf(ACME), { tenant: 'acme', expiresAt: null }],
  [digestOf(OTHER), { tenant: 'other', expiresAt: null }],
]);

/** As the gateway knows a key. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export interface RunningGateway {
  app: FastifyInstance;
  client: InMemoryClient;
  url: string;
  /** Parsed log lines. */
  log: Record<string, unknown>[];
  /** POSTs to the process route as the tenant acme; `body` is sent as JSON unless it is a string. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  status(requestId: string, key?: string): Promise<Response>;
  /** POSTs what to forget; `body` is sent as JSON. */
  invalidate(body: unknown, key?: string): Promise<Response>;
  /** POSTs a decision; `body` is sent as JSON unless it is a string. */
  resolve(requestId: string, body: unknown, key?: string): Promise<Response>;
}

interface GatewayOptions extends Partial<GatewayDeps> {
  /** Nobody needs a key. */
  open?: boolean;
}

/** A gateway on a free port over an in-memory client; closed when the test is over. */
export async function startGateway({
  syncWaitMs = 5_000,
  open = false,
  ...deps
}: GatewayOptions = {}): Promise<RunningGateway> {
  const client = new InMemoryClient();
  const { lines: log, stream } = parsedLines();
  const logger = createLogger({ level: 'debug', name: 'gateway' }, stream);
  const app = buildGateway({
    client,
    apiKeys: open ? null : KEYS,
    syncWaitMs,
    logger,
    ...deps,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await app.close();
    const unknown = log.filter(({ event }) => event !== undefined).flatMap((line) => unknownIn(line) ?? []);
    if (unknown.length > 0) throw new Error(`Not as the table of events has it: ${unknown.join('; ')}`);
  });
  const postJson = (path: string, body: unknown, headers: Record<string, string>): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${ACME}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    app,
    client,
    url,
    log,
    post: (body, headers = {}) => postJson('/api/external/process', body, headers),
    status: (requestId, key = ACME) =>
      fetch(`${url}/api/external/status/${requestId}`, { headers: { authorization: `Bearer ${key}` } }),
    invalidate: (body, key = ACME) =>
      postJson('/api/external/cache/invalidate', body, { authorization: `Bearer ${key}` }),
    resolve: (requestId, body, key = ACME) =>
      postJson(`/api/external/resolve/${requestId}`, body, { authorization: `Bearer ${key}` }),
  };
}

/** The problem in a response, after a check that it is one. */
export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json; charset=utf-8')
    throw new Error(`expected a problem, got ${type}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
