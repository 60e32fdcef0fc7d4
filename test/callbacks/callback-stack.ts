import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { CallbackKeys } from '../../src/callbacks/link.ts';
import type { CallbackReceiver } from '../../src/callbacks/receiver.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import type { GatewayClient } from '../../src/gateway/gateway-client.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { startInProcessStack, type InProcessStack, type StackOptions } from '../helpers/in-process-stack.ts';
import { unknownIn } from '../helpers/event-line.ts';

export const KEY_2 = { id: 'k2', secret: Buffer.alloc(32, 2) };
export const KEY_1 = { id: 'k1', secret: Buffer.alloc(32, 1) };
const KEYS: CallbackKeys = [KEY_2, KEY_1];

/** A callback as it came to the public URL. */
export interface Sent {
  path: string;
  body: string;
  /** What the gateway answered. */
  status: number;
}

export interface CallbackStack extends InProcessStack {
  /** The gateway itself. */
  url: string;
  /** What arrived at the public URL, and was answered. */
  sent: Sent[];
  /** Set to keep callbacks away from the gateway: the provider is answered 502. */
  isCut: boolean;
  /** Parsed lines of the gateway's log. */
  log: Record<string, unknown>[];
  /** Every call of the gateway to the client. */
  told: string[];
  /** POSTs to the gateway, as a provider does. */
  post(path: string, body?: string | Buffer, headers?: Record<string, string>): Promise<Response>;
}

/**
 * The whole product on the real Temporal server, with a gateway on a socket. Between it and the provider stands the proxy of
 * the public URL, `/prefix`, which sees what is sent.
 */
export async function startCallbackStack(
  options: StackOptions & { keys?: CallbackKeys; receiver?: Partial<CallbackReceiver>; isPublic?: boolean } = {},
): Promise<CallbackStack> {
  const { keys = KEYS, receiver = {}, isPublic = true, ...stackOptions } = options;
  const sent: Sent[] = [];
  const flags = { isCut: false };
  let url = '';
  const proxy = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const path = (request.url ?? '').replace(/^\/prefix/, '');
      void (async () => {
        const status = flags.isCut ? 502 : (await post(path, body)).status;
        response.writeHead(status).end();
        sent.push({ path, body, status });
      })();
    });
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const publicUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/prefix`;
  const stack = await startInProcessStack({
    ...stackOptions,
    ...(isPublic && { callbacks: { keys, baseUrl: publicUrl } }),
  });
  const log: Record<string, unknown>[] = [];
  const lines = new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) log.push(JSON.parse(line));
      done();
    },
  });
  const told: string[] = [];
  const client: GatewayClient = {
    process: (input, how) => stack.client.process(input, how),
    updates: (requestId, asked) => stack.client.updates(requestId, asked),
    list: (asked) => stack.client.list(asked),
    cancel: (requestId, reason) => stack.client.cancel(requestId, reason),
    status: (requestId) => stack.client.status(requestId),
    resolve: (requestId, decision) => stack.client.resolve(requestId, decision),
    callback: (requestId, hint) => (told.push(requestId), stack.client.callback(requestId, hint)),
    invalidate: (which) => stack.client.invalidate(which),
    deliveries: stack.client.deliveries,
    countOpen: (tenant, started) => stack.client.countOpen(tenant, started),
    ping: () => stack.client.ping(),
  };
  const app = buildGateway({
    client,
    apiKeys: new Map(),
    syncWaitMs: 1_000,
    logger: createLogger({ level: 'debug', name: 'gateway' }, lines),
    callbacks: { provider: 'data-processing-v2.1', keys, idAt: '/request_id', signature: null, ...receiver },
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });

  function post(path: string, body: string | Buffer = '', headers: Record<string, string> = {}): Promise<Response> {
    return fetch(url + path, { method: 'POST', body, headers });
  }

  return Object.assign(flags, stack, {
    url,
    sent,
    log,
    told,
    post,
    async [Symbol.asyncDispose]() {
      await app.close();
      await stack[Symbol.asyncDispose]();
      proxy.closeAllConnections();
      proxy.close();
      const unknown = log.filter(({ event }) => event !== undefined).flatMap((line) => unknownIn(line) ?? []);
      if (unknown.length > 0) throw new Error(`Not as the table of events has it: ${unknown.join('; ')}`);
    },
  });
}
