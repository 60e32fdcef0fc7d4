import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface ArrivedCall {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface RawServerOptions {
  /** Answers, or breaks, a call that was read whole. Default: 500. */
  onCall?: (call: ArrivedCall, res: ServerResponse, socket: Socket) => void;
  /** Sees each connection first; true keeps it, unread, from HTTP. `n` counts from 1. */
  onConnection?: (socket: Socket, n: number) => boolean;
  /** Answers the token call; default: a token for an hour, on a connection that is closed after it. */
  onToken?: (call: ArrivedCall, res: ServerResponse, n: number) => void;
  tls?: TlsOptions;
  /** Default: 127.0.0.1, any free port. */
  host?: string;
  port?: number;
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly connections: readonly Socket[];
  /** Everything that was read whole, token calls too. */
  readonly calls: readonly ArrivedCall[];
  /** The calls that were not token calls. */
  arrivals(): readonly ArrivedCall[];
  close(): Promise<void>;
}

/** A server on a real socket whose every answer the test writes, down to the bytes and the resets. */
export async function startRawServer(options: RawServerOptions = {}): Promise<RawServer> {
  const connections: Socket[] = [];
  const calls: ArrivedCall[] = [];
  const isToken = ({ path }: ArrivedCall): boolean => path.endsWith('/oauth/token');

  const http = createHttpServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    req.on('error', () => {});
    req.on('end', () => {
      const call = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body };
      calls.push(call);
      if (isToken(call)) (options.onToken ?? grantToken)(call, res, calls.filter(isToken).length);
      else if (options.onCall) options.onCall(call, res, req.socket);
      else reply(res, 500, {});
    });
  });

  const accept = (socket: Socket): void => {
    connections.push(socket);
    socket.on('error', () => {});
    if (options.onConnection?.(socket, connections.length) === true) return;
    http.emit('connection', socket);
  };
  const server = options.tls ? createTlsServer(options.tls, accept) : createNetServer(accept);
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of connections) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    port,
    url: `${options.tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
    connections,
    calls,
    arrivals: () => calls.filter((call) => !isToken(call)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export function reply(
  res: ServerResponse,
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  res.writeHead(statusCode, { 'content-type': 'application/json', ...headers }).end(text);
}

function grantToken(_call: ArrivedCall, res: ServerResponse, n: number): void {
  // The next call gets a connection of its own, which a test may break.
  const token = { access_token: `token-${n}`, token_type: 'Bearer', expires_in: 3600 };
  reply(res, 200, token, { connection: 'close' });
}
