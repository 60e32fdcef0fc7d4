import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ContractReply, ProviderContract, ReceivedCall } from './provider-contract.ts';

/** What a call gets: a reply, or one that repeats what came; half of one; nothing, with the connection closed or left open. */
export type Served =
  ContractReply | ((call: ReceivedCall) => ContractReply) | { half: ContractReply } | 'lost' | 'held';

/** A provider that answers the calls about work with what it is given, in turn. */
export interface ContractServer {
  readonly url: string;
  /** Those about work. */
  readonly calls: readonly ReceivedCall[];
  /** Connections that are open. */
  readonly open: number;
  /** What the next calls get; with none left it is a 500. */
  serve(...replies: Served[]): void;
  close(): Promise<void>;
}

export async function startContractServer({ aside, error }: ProviderContract): Promise<ContractServer> {
  const calls: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  const script: Served[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('error', () => {});
    req.on('data', (chunk: Buffer) => void chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      const call = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      const other = aside?.(call) ?? null;
      if (other !== null) return reply(res, other);
      calls.push(call);
      const next = script.shift() ?? { status: 500, body: error('nobody expected this call') };
      if (next === 'held') return;
      if (next === 'lost') return void req.socket.destroy();
      if (typeof next === 'function') reply(res, next(call));
      else if ('half' in next) replyHalf(res, next.half);
      else reply(res, next);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get open() {
      return sockets.size;
    },
    serve: (...replies) => void script.push(...replies),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An address at which nobody listens. */
export async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function reply(res: ServerResponse, { status = 200, headers = {}, body }: ContractReply): void {
  res.writeHead(status, { ...typeOf(body), ...headers }).end(textOf(body));
}

function replyHalf(res: ServerResponse, { status = 200, headers = {}, body }: ContractReply): void {
  const text = textOf(body);
  res.writeHead(status, { ...typeOf(body), ...headers, 'content-length': Buffer.byteLength(text) + 1 });
  res.write(text.slice(0, Math.ceil(text.length / 2)), () => res.socket?.destroy());
}

function typeOf(body: unknown): Record<string, string> {
  return typeof body === 'string' || body === undefined ? {} : { 'content-type': 'application/json' };
}

function textOf(body: unknown): string {
  return typeof body === 'string' || body === undefined ? (body ?? '') : JSON.stringify(body);
}
