import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, problem } from './answer.ts';
import { now } from './clock.ts';
import { answerControl, CONTROL_PREFIX } from './control.ts';
import type { Endpoint } from './endpoint.ts';
import { type Effect, Exchange } from './exchange.ts';
import { applyFault } from './fault-handlers.ts';
import type { LedgerEntry } from './ledger.ts';
import { processEffect } from './process-endpoint.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import type { State } from './state.ts';
import { cancelEffect, listEffect, statusEffect } from './status-endpoint.ts';
import { tokenEffect } from './token-endpoint.ts';

const STATUS_PATH = '/status/';

/** One request of the server, from routing to its answer. Never rejects. */
export async function serve(state: State, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    const [path = '/', query = ''] = (req.url ?? '/').split('?', 2);
    if (path.startsWith(CONTROL_PREFIX)) return sendPlain(res, await answerControl(state, req, path, query));
    const endpoint = endpointOf(path);
    if (endpoint === null) return sendPlain(res, problem(404, 'no such endpoint'));
    const allowed = methodsOf(endpoint, state);
    if (!allowed.includes(req.method ?? '')) {
      return sendPlain(res, problem(405, `use ${allowed.join(' or ')}`, { allow: allowed.join(', ') }));
    }
    await serveCall(state, req, res, endpoint, path, query);
  } catch (error) {
    // The caller went away, mostly. Anything else is a defect of this program, and must not look like a scripted fault.
    if (!res.headersSent && !res.destroyed) sendPlain(res, problem(500, `the fake provider failed: ${String(error)}`));
  }
}

async function serveCall(
  state: State,
  req: IncomingMessage,
  res: ServerResponse,
  endpoint: Endpoint,
  path: string,
  query: string,
): Promise<void> {
  const arrivedAt = now();
  const key = req.headers['idempotency-key'];
  const entry = state.ledger.open(endpoint, req.method ?? '', arrivedAt, typeof key === 'string' ? key : null);
  if (endpoint === '/status/{request_id}') {
    entry.providerRequestId = path.slice(STATUS_PATH.length);
    entry.idempotencyKey = state.jobs.find(entry.providerRequestId)?.idempotencyKey ?? entry.idempotencyKey;
  }
  if (endpoint === '/requests') entry.idempotencyKey = new URLSearchParams(query).get('key');
  const exchange = new Exchange(req, res, entry, (body) => effectOf(state, entry, req, body));

  const overLimit = rateRefusal(state, arrivedAt);
  tellLimit(state, res, arrivedAt);
  const refusal = overLimit ?? (endpoint === '/oauth/token' ? null : authRefusal(state, req));
  if (refusal) return exchange.send(refusal);
  const fault = state.faults.take(endpoint, entry.idempotencyKey);
  if (fault) return applyFault(exchange, fault);
  exchange.send(await exchange.execute());
}

function methodsOf(endpoint: Endpoint, { settings }: State): readonly string[] {
  if (endpoint === '/requests') return ['GET'];
  if (endpoint !== '/status/{request_id}') return ['POST'];
  return settings.cancel === 'on' ? ['GET', 'DELETE'] : ['GET'];
}

function endpointOf(path: string): Endpoint | null {
  if (path === '/process' || path === '/oauth/token' || path === '/requests') return path;
  return path.startsWith(STATUS_PATH) ? '/status/{request_id}' : null;
}

function effectOf(state: State, entry: LedgerEntry, req: IncomingMessage, body: Buffer): Effect {
  switch (entry.endpoint) {
    case '/oauth/token':
      return tokenEffect(state, entry, req, body);
    case '/process':
      return processEffect(state, entry, req, body);
    case '/requests':
      return listEffect(state, entry.idempotencyKey ?? '');
    case '/status/{request_id}':
      return entry.method === 'DELETE'
        ? cancelEffect(state, entry)
        : statusEffect(state, entry.providerRequestId ?? '');
  }
}

function rateRefusal({ window, settings }: State, arrivedAt: number): Answer | null {
  const waitMs = window.take(arrivedAt, settings.rateLimit, settings.rateWindowMs);
  if (waitMs === 0) return null;
  // Whole seconds, rounded up: whoever waits as told is admitted.
  const retryAfter =
    settings.retryAfterForm === 'seconds'
      ? String(Math.ceil(waitMs / 1000))
      : new Date(Math.ceil((arrivedAt + waitMs) / 1000) * 1000).toUTCString();
  return problem(429, `more than ${settings.rateLimit} calls in ${settings.rateWindowMs} ms`, {
    'retry-after': retryAfter,
  });
}

/** In every answer from here on, whoever writes it. */
function tellLimit({ window, settings }: State, res: ServerResponse, arrivedAt: number): void {
  if (settings.rateLimitHeaders === 'none') return;
  const room = window.room(arrivedAt, settings.rateLimit, settings.rateWindowMs);
  for (const [name, value] of Object.entries(rateLimitHeaders(settings, room, arrivedAt))) {
    res.setHeader(name, value ?? '');
  }
}

/** Both credentials are required: the key of the account, and a token of the client. */
function authRefusal({ credentials, tokens }: State, req: IncomingMessage): Answer | null {
  const apiKey = req.headers['x-api-key'];
  if (apiKey !== credentials.apiKey) {
    return problem(401, apiKey === undefined ? 'X-API-Key is missing' : 'the API key is not valid');
  }
  const token = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (token === undefined) return problem(401, 'the bearer token is missing', { 'www-authenticate': 'Bearer' });
  if (tokens.accepts(token, now())) return null;
  return problem(401, 'the token is unknown, revoked or expired', {
    'www-authenticate': 'Bearer error="invalid_token"',
  });
}

function sendPlain(res: ServerResponse, { status, headers, body }: Answer): void {
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
