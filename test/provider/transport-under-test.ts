import { createTransport, type Transport, type TransportOptions } from '../../src/provider/transport.ts';
import { reply, type RawServerOptions } from '../helpers/raw-server.ts';

export const ANSWERING: RawServerOptions = { onCall: (_call, res) => reply(res, 200, {}) };

interface TransportUnderTest extends Transport, AsyncDisposable {
  readonly connectTimeoutMs: number;
  get(): ReturnType<Transport['send']>;
  post(): ReturnType<Transport['send']>;
}

/** A transport to a port of this machine, whose name has the `addresses` that the test says, at each lookup anew. */
export function transportTo(
  port: number,
  { addresses = () => ['127.0.0.1'], ...changes }: Partial<TransportOptions> & { addresses?: () => string[] } = {},
): TransportUnderTest {
  const options = {
    origin: `http://provider.example:${port}`,
    timeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    maxConnections: 4,
    connectionAgeMs: 60_000,
    maxResponseBytes: 1_000,
    lookup: async () => addresses().map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ...changes,
  };
  const transport = createTransport(options);
  const send = (method: 'GET' | 'POST') =>
    transport.send({ method, path: '/', headers: [], body: method === 'POST' ? '{}' : null }, undefined, () => {});
  return {
    send: transport.send,
    close: transport.close,
    get pool() {
      return transport.pool;
    },
    connectTimeoutMs: options.connectTimeoutMs,
    get: () => send('GET'),
    post: () => send('POST'),
    [Symbol.asyncDispose]: () => transport.close(),
  };
}
