import { connect, constants, createServer, type ClientHttp2Stream, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Stands before a Temporal server, and counts the gRPC calls by their method. */
export interface CountingProxy extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  /** Calls since the last `reset`, of one method. */
  count(method: string): number;
  /** All of them. */
  counts(): Record<string, number>;
  reset(): void;
}

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const calls = new Map<string, number>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    const upstream = connect(`http://${target}`).on('error', () => session.destroy());
    session.on('error', () => {});
    session.on('close', () => {
      sessions.delete(session);
      upstream.destroy();
    });
    session.on('stream', (stream, { ':authority': _, ...headers }) => {
      const method = String(headers[':path']).replace(/^.*\//, '');
      calls.set(method, (calls.get(method) ?? 0) + 1);
      const forwarded: ClientHttp2Stream = upstream.request(headers, { endStream: false });
      let trailers = {};
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      forwarded.on('response', (reply, flags) => {
        // An error comes as headers alone.
        const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
        if (!stream.destroyed) stream.respond(reply, { endStream, waitForTrailers: !endStream });
      });
      forwarded.on('trailers', (received) => (trailers = received));
      forwarded.on('error', () => stream.destroy());
      stream.on('error', () => forwarded.destroy());
      stream.on('close', () => forwarded.close(constants.NGHTTP2_CANCEL));
      stream.pipe(forwarded).pipe(stream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (method) => calls.get(method) ?? 0,
    counts: () => Object.fromEntries(calls),
    reset: () => calls.clear(),
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
