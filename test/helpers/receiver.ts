import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A delivery as it arrived. */
export interface Arrived {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A caller's server, on a socket of its own. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly arrived: Arrived[];
  /** How it answers from now on. Default: 204. */
  answer: (response: ServerResponse, arrived: Arrived) => void;
  /** Deliveries about one request. */
  about(requestId: string): Arrived[];
}

export interface ReceiverOptions {
  /** Default: any. */
  port?: number;
  /** Default: plain http. */
  tls?: { key: string; cert: string };
}

export async function startReceiver({ port = 0, tls }: ReceiverOptions = {}): Promise<Receiver> {
  const arrived: Arrived[] = [];
  const listener: Parameters<typeof createServer>[1] = (request, response) => {
    void buffer(request).then((body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      arrived.push(one);
      receiver.answer(response, one);
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const own = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    url: tls === undefined ? `http://127.0.0.1:${own}/hook` : `https://localhost:${own}/hook`,
    port: own,
    arrived,
    answer: (response) => response.writeHead(204).end(),
    about: (requestId) =>
      arrived.filter(({ headers, body }) => headers['webhook-id'] !== undefined && body.includes(requestId)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
