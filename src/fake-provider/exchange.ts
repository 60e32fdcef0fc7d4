import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Answer } from './answer.ts';
import { now } from './clock.ts';
import type { FaultParameters } from './faults.ts';
import type { LedgerEntry } from './ledger.ts';

/** What a call does once its body is understood; it notes in the ledger what it did. Runs in one go, so never twice at once. */
export type Effect = (job: FaultParameters['job']) => Answer;

/** One call on its connection, in the steps that a fault can come between: read, execute, send. */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly entry: LedgerEntry;
  readonly #understand: (body: Buffer) => Effect;

  constructor(req: IncomingMessage, res: ServerResponse, entry: LedgerEntry, understand: (body: Buffer) => Effect) {
    this.req = req;
    this.res = res;
    this.entry = entry;
    this.#understand = understand;
  }

  async read(): Promise<Effect> {
    return this.#understand(await readBody(this.req));
  }

  async execute(job: FaultParameters['job'] = {}): Promise<Answer> {
    const effect = await this.read();
    return effect(job);
  }

  send({ status, headers, body }: Answer): void {
    if (this.res.destroyed) return;
    this.noteAnswered(status);
    this.res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  noteAnswered(status: number): void {
    this.entry.statusCode = status;
    this.entry.answeredAt = now();
  }

  /** RST. Over TLS the most that Node offers is to drop the connection without a closing handshake. */
  reset(): void {
    const { socket } = this.req;
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }
}

/** Rejects when the caller goes away before the end. */
export function readBody(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => resolve(Buffer.concat(chunks)));
    req.on('error', reject);
  });
}
