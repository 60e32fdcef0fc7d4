import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { TlsOptions, TLSSocket } from 'node:tls';

export interface ConnectProxyOptions {
  /** What it answers to CONNECT instead of a connection: the status line's rest. */
  refuse?: string | null;
  tls?: TlsOptions;
  /** Where a port leads that no test can listen on. Default: to itself. */
  ports?: Readonly<Record<number, number>>;
}

export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** What it was asked to connect to, in order. */
  readonly asked: readonly string[];
  /** `Proxy-Authorization` of the same. */
  readonly credentials: readonly (string | undefined)[];
  /** The names of the certificates that were shown to it; null: a connection without one. */
  readonly shown: readonly (string | null)[];
  /** Every other request that reached it. */
  readonly plain: readonly string[];
  /** Changes what the next CONNECT gets. */
  refuse: string | null;
}

/** An HTTP proxy that knows CONNECT alone, and keeps what reaches it. Every name is this machine. */
export async function startConnectProxy({
  refuse = null,
  tls,
  ports = {},
}: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const shown: (string | null)[] = [];
  const plain: string[] = [];
  const sockets = new Set<Socket>();
  const server = tls ? createTlsServer(tls) : createServer();
  server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => {})));
  server.on('secureConnection', (socket: TLSSocket) => {
    shown.push(socket.getPeerX509Certificate()?.subject ?? null);
  });
  server.on('request', (req, res) => {
    plain.push(`${req.method} ${req.url}`);
    res.writeHead(501).end();
  });
  server.on('connect', ({ url = '', headers }: IncomingMessage, socket: Socket) => {
    asked.push(url);
    credentials.push(headers['proxy-authorization']);
    socket.on('error', () => {});
    if (proxy.refuse !== null) {
      socket.end(`HTTP/1.1 ${proxy.refuse}\r\ncontent-length: 7\r\n\r\nsecret!`);
      return;
    }
    // The default port of the scheme is none to a URL.
    const port = Number(/:(\d+)$/.exec(url)?.[1]);
    const target = connect(ports[port] ?? port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    sockets.add(target.on('error', () => socket.destroy()));
    socket.on('close', () => target.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy: ConnectProxy = {
    port,
    url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
    asked,
    credentials,
    shown,
    plain,
    refuse,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
