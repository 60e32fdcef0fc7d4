import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { Work } from './work.ts';

/** A call that came whole. */
export interface ScriptedCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When it had come. Milliseconds, by this process's own clock. */
  readonly at: number;
  /** Whose certificate was shown with it; null: none. */
  readonly certificate: string | null;
  /** What was answered; null: nothing. */
  status: number | null;
}

export interface Answer {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is a text. */
  body?: unknown;
}

/** How a vendor answers, as its documentation says. Pure but for `work`. */
export type Contract = (call: ScriptedCall, work: Work, origin: string) => Answer;

export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Everything that arrived, in order. */
  readonly ledger: readonly ScriptedCall[];
  readonly work: Work;
  /** Those whose `METHOD path` has it, from the ledger. */
  calls(pattern: RegExp): ScriptedCall[];
  /** The next call of that kind gets this, and the contract does not see it. */
  instead(pattern: RegExp, answer: Answer): void;
  /** The next call of that kind is executed, and its answer is lost. */
  lose(pattern: RegExp): void;
  /** The next call of that kind is not executed, and never answered. */
  hold(pattern: RegExp): void;
}

/** A server that answers as a contract says, and keeps all that reached it. */
export async function startScriptedProvider(contract: Contract, tls?: TlsOptions): Promise<ScriptedProvider> {
  const ledger: ScriptedCall[] = [];
  const work = new Work();
  const script: { pattern: RegExp; answer: Answer | 'lost' | 'held' }[] = [];

  function scripted(call: ScriptedCall): Answer | 'lost' | 'held' | null {
    const n = script.findIndex(({ pattern }) => pattern.test(named(call)));
    return n === -1 ? null : (script.splice(n, 1)[0]?.answer ?? null);
  }

  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on('request', (req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    req.on('error', () => {});
    req.on('end', () => {
      const { method = '', url: path = '', headers } = req;
      const call: ScriptedCall = {
        method,
        path,
        headers,
        body,
        certificate: shownOn(req.socket),
        at: performance.now(),
        status: null,
      };
      ledger.push(call);
      const planned = scripted(call);
      if (planned === 'held') return;
      const answer = planned === null || planned === 'lost' ? contract(call, work, url) : planned;
      if (planned === 'lost') return void req.socket.destroy();
      const { status = 200, headers: given = {}, body: said } = answer;
      call.status = status;
      const type = typeof said === 'string' || said === undefined ? {} : { 'content-type': 'application/json' };
      res.writeHead(status, { ...type, ...given });
      res.end(typeof said === 'string' || said === undefined ? said : JSON.stringify(said));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  return {
    url,
    port,
    ledger,
    work,
    calls: (pattern) => ledger.filter((call) => pattern.test(named(call))),
    instead: (pattern, answer) => void script.push({ pattern, answer }),
    lose: (pattern) => void script.push({ pattern, answer: 'lost' }),
    hold: (pattern) => void script.push({ pattern, answer: 'held' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function shownOn(socket: Socket): string | null {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.subject ?? null) : null;
}

function named({ method, path }: ScriptedCall): string {
  return `${method} ${path}`;
}

/** The parts of the path that the pattern names, if the call is that. */
export function isCall(call: ScriptedCall, method: string, pattern: RegExp): RegExpExecArray | null {
  return call.method === method ? pattern.exec(call.path) : null;
}

export function json(call: ScriptedCall): Record<string, unknown> {
  return JSON.parse(call.body) as Record<string, unknown>;
}
