import { once } from 'node:events';
import { connect, createServer, type IncomingHttpHeaders, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** What becomes of a call: passed on at once when nothing is said. */
export interface Treatment {
  /** Passed on then. */
  until?: Promise<unknown>;
  /** Its answer never arrives. */
  isAnswerLost?: boolean;
  /** Answered by the proxy; `code` is gRPC's. */
  refusal?: { code: number; message: string };
}

export interface ProxiedCall {
  /** Such as `PollActivityTaskQueue`. */
  method: string;
  /** The request, as protobuf: names and ids stand in it as they are. */
  body: Buffer;
}

export interface TemporalProxy extends AsyncDisposable {
  address: string;
  /** What is done with the calls that come from now on. */
  treat(how: (call: ProxiedCall) => Treatment | undefined): void;
}

/** Stands between a worker and its Temporal server, and knows gRPC: unary calls over HTTP/2. */
export async function startTemporalProxy(target: string): Promise<TemporalProxy> {
  let treatment: (call: ProxiedCall) => Treatment | undefined = () => undefined;
  const far = connect(`http://${target}`).on('error', () => {});
  const near = new Set<Http2Session>();
  const server = createServer()
    .on('session', (session: Http2Session) => {
      near.add(session);
      session.on('error', () => {}).once('close', () => near.delete(session));
    })
    .on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on('error', () => {});
      void handle(stream, headers).catch(() => stream.destroy());
    });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const message = await buffer(stream);
    const method = String(headers[':path']).split('/').at(-1) ?? '';
    const { until, isAnswerLost = false, refusal } = treatment({ method, body: bodyOf(message) }) ?? {};
    await until;
    if (refusal) {
      const status = { 'grpc-status': `${refusal.code}`, 'grpc-message': encodeURIComponent(refusal.message) };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
    } else passOn(stream, headers, message, isAnswerLost);
  }

  function passOn(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    message: Buffer,
    isAnswerLost: boolean,
  ): void {
    const call = far.request({ ...headers, ':authority': target }).on('error', () => stream.destroy());
    if (isAnswerLost) return void call.resume().end(message);
    stream.on('close', () => call.close());
    call.on('response', (answered, flags) => {
      // Who asked did not wait.
      if (stream.destroyed) return;
      // END_STREAM: the status came without a message.
      if ((flags & 1) !== 0) return stream.respond(answered, { endStream: true });
      stream.respond(answered, { waitForTrailers: true });
      call.on('trailers', (trailers) => stream.on('wantTrailers', () => stream.sendTrailers(trailers)));
      call.pipe(stream);
    });
    call.end(message);
  }

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    treat: (how) => (treatment = how),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const session of near) session.destroy();
      far.destroy();
      await once(server, 'close');
    },
  };
}

/** A gRPC message is a flag, its length in four bytes, and itself. */
function bodyOf(message: Buffer): Buffer {
  const body = message.subarray(5);
  return message[0] === 1 ? gunzipSync(body) : body;
}
