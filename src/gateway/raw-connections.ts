import { type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { HttpError } from './http-error.ts';
import { toProblem } from './problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** A whole request is here so long after its first byte, or its connection ends. */
export const RECEIVE_MS = 30_000;

/** For Node's server: how it watches over connections, and what it leaves to us. */
export const CONNECTION_OPTIONS = {
  headersTimeout: RECEIVE_MS,
  // So exactly are times kept.
  connectionsCheckingInterval: 1_000,
  // Its own refusal has no body.
  requireHostHeader: false,
};

/** The codes of Node.js, and of its parser llhttp, that are no plain 400. */
const REFUSALS: Readonly<Record<string, HttpError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpError(
    408,
    'RequestTimeoutError',
    `The request did not arrive within ${RECEIVE_MS / 1000} s.`,
  ),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new HttpError(413, 'PayloadTooLargeError', 'The chunk extensions are too large.'),
  HPE_HEADER_OVERFLOW: new HttpError(431, 'HeadersTooLargeError', 'The header fields are larger than 16 KiB.'),
};
const MALFORMED = new HttpError(400, 'BadRequestError', 'This is no request of HTTP/1.1.');

/** Of each connection the requests that have not all come, or whose answer is not sent yet. */
const open = new WeakMap<Socket, Map<IncomingMessage, ServerResponse>>();
const refused = new WeakSet<Socket>();

/** Answers what comes over a connection and reaches no route by itself. */
export function watchConnections(app: FastifyInstance): void {
  const server = app.server as Server & { httpAllowHalfOpen: boolean };
  // Whoever says that nothing more will come, by a FIN, may still wait for the answer.
  server.httpAllowHalfOpen = true;
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const here = open.get(request.socket) ?? new Map<IncomingMessage, ServerResponse>();
    open.set(request.socket, here.set(request, response));
    response.once('close', () => {
      // What was answered before all of it came may still come.
      if (request.complete) here.delete(request);
      else request.once('end', () => here.delete(request));
    });
  });
  // Node.js answers neither with a problem.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => endSoon(socket));
    socket.on('error', () => socket.destroy());
    app.routing(request, response);
  });
}

/**
 * For Fastify's `clientErrorHandler`. A request whose body is bad, or does not come, is answered on its way; what is not
 * even a request is answered here. Where another answer is awaited, or was sent, there is none: it would be taken for that of another request.
 */
export function refuseConnections(logger: FastifyBaseLogger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (refused.has(socket)) return;
    const refusal = REFUSALS[error.code ?? ''] ?? MALFORMED;
    const [first, ...others] = open.get(socket) ?? [];
    if (first === undefined && socket.writable && error.code !== 'ECONNRESET') {
      refused.add(socket);
      socket.write(asText(refusal));
      logger.info({ event: 'gateway_request', method: null, route: null, status_code: refusal.status });
      endSoon(socket);
      return;
    }
    if (first === undefined || others.length > 0 || first[0].complete || first[1].headersSent) {
      socket.destroy(error);
      return;
    }
    refused.add(socket);
    const [request, response] = first;
    response.shouldKeepAlive = false;
    failBody(request, refusal);
  };
}

/** Ends the reading of a body, at once or where it begins: whoever reads it listens for errors. */
function failBody(request: IncomingMessage, refusal: HttpError): void {
  const fail = () => void request.emit('error', refusal);
  if (request.listenerCount('error') > 0) return fail();
  const onListener = (event: string): void => {
    if (event !== 'error') return;
    request.off('newListener', onListener);
    queueMicrotask(fail);
  };
  request.on('newListener', onListener);
}

function asText(refusal: HttpError): string {
  const body = JSON.stringify(toProblem(refusal, null).problem);
  const fields = {
    ...SECURITY_HEADERS,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`, ...lines, '', body].join('\r\n');
}

/** Time for the answer to arrive: to end at once, with bytes unread, would take it back. */
const LINGER_MS = 1_000;

function endSoon(socket: Socket): void {
  socket.end();
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
