import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from '../../src/fake-provider/index.ts';

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

export const asForm = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
});

export const CLIENT_CREDENTIALS = {
  grant_type: 'client_credentials',
  client_id: 'demo-client',
  client_secret: 'demo-secret',
};

/** A provider, and a well-behaved caller of it that has a token. */
export class Caller implements AsyncDisposable {
  readonly provider: FakeProvider;
  headers: Record<string, string> = {};

  constructor(provider: FakeProvider) {
    this.provider = provider;
  }

  static async start(options: FakeProviderOptions = {}): Promise<Caller> {
    const caller = new Caller(await startFakeProvider(options));
    await caller.authenticate();
    return caller;
  }

  async authenticate(): Promise<void> {
    const { body } = await this.token();
    this.headers = { authorization: `Bearer ${String(body['access_token'])}`, 'x-api-key': 'demo-api-key' };
  }

  token(init: RequestInit = asForm(CLIENT_CREDENTIALS)): Promise<Reply> {
    return this.fetch('/oauth/token', init);
  }

  process(body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.fetch('/process', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...this.headers, ...headers },
    });
  }

  /** The id of a new async job. */
  async submit(data: unknown = 'work', headers: Record<string, string> = {}): Promise<string> {
    const { body } = await this.process({ data, options: { async: true } }, headers);
    return String(body['request_id']);
  }

  status(requestId: string): Promise<Reply> {
    return this.fetch(`/status/${requestId}`, { headers: this.headers });
  }

  control(method: string, route: string, body?: unknown): Promise<Reply> {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    return this.fetch(`/_control/${route}`, { method, ...(body === undefined ? {} : { body: content }) });
  }

  get lastEntry(): FakeProvider['ledger'][number] | undefined {
    return this.provider.ledger.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.close();
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(this.provider.url + path, { redirect: 'manual', ...init });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }
}

/** A server that takes callbacks: what came, with the time, and a way to wait for the nth. */
export async function startReceiver() {
  const received: { body: Record<string, unknown>; at: number }[] = [];
  const server = createServer((req: IncomingMessage, res) => {
    void text(req).then((body) => {
      received.push({ body: JSON.parse(body) as Record<string, unknown>, at: performance.now() });
      res.writeHead(204).end();
      server.emit('received');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks/x`,
    received,
    async waitFor(count: number) {
      while (received.length < count) await once(server, 'received');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
