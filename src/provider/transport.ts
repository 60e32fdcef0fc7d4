import { errors, type Dispatcher } from 'undici';
import { Connections } from './connections.ts';
import { createConnector, longestConnectMs, type ConnectorOptions } from './connector.ts';
import { DeliveryTime } from './delivery-time.ts';
import { replyText } from './reply-text.ts';

/** How long a call may take. */
export interface CallTimeouts {
  /** From its first byte to the end of the answer. */
  timeoutMs: number;
  /** Until it has a connection, before its first byte: from each address of the name. */
  connectTimeoutMs: number;
}

export interface TransportOptions extends CallTimeouts, ConnectorOptions {
  origin: string;
  maxConnections: number;
  /** A connection is given to no call any more when it is so old. */
  connectionAgeMs: number;
  maxResponseBytes: number;
}

/**
 * What is not idempotent is not to be sent on a connection that its server may just be closing (RFC 9112, section 9.3.1): the shortest idle
 * time that a common server has is 2 s.
 */
const POST_IDLE_MS = 1_000;
/** Of every call, beside those of its request. */
export const OWN_HEADERS: readonly string[] = ['accept-encoding', 'identity'];

/** RFC 9110, section 9.2.2. */
const NOT_REPEATED: readonly Method[] = ['POST', 'PATCH'];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  method: Method;
  path: string;
  /** Name, value, name, value. */
  headers: string[];
  body: string | null;
}

/** The headers of a request, each as a pair. */
export function pairsOf(headers: readonly string[]): [name: string, value: string][] {
  return headers.flatMap((name, n) => (n % 2 === 0 ? [[name, headers[n + 1] ?? ''] as [string, string]] : []));
}

export interface ReplyHead {
  statusCode: number;
  /** The header's value as it came. */
  retryAfter: string | null;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface HttpReply extends ReplyHead {
  body: string;
}

interface RawReply {
  head: ReplyHead;
  bytes: Buffer;
}

/** `unreadable`: it came whole, and its bytes are no text. */
export type BreakReason = 'timeout' | 'aborted' | 'not-http' | 'http2' | 'unreadable' | 'failed';

/** The first frame of every HTTP/2 server: SETTINGS, of stream 0 (RFC 9113, section 3.4). */
function startsWithSettings(bytes: string): boolean {
  const [type, stream] = [bytes.charCodeAt(3), bytes.slice(5, 9)];
  return type === 4 && stream === '\0\0\0\0';
}

/** No whole reply came. */
export class BrokenCallError extends Error {
  /** Whether the call was handed to a connected socket: if not, the provider cannot know of it. */
  readonly sent: boolean;
  readonly reason: BreakReason;
  /** Status and headers, when at least those came. */
  readonly head: ReplyHead | null;

  constructor(facts: Pick<BrokenCallError, 'sent' | 'reason' | 'head'>, cause: unknown) {
    super(`call ${facts.reason}`, { cause });
    this.sent = facts.sent;
    this.reason = facts.reason;
    this.head = facts.head;
  }
}

export interface PoolState {
  /** Connected sockets. */
  open: number;
  /** Calls on a socket. */
  inUse: number;
}

export interface Transport {
  /**
   * One call, never repeated. Rejects with {@link BrokenCallError} unless a whole reply came.
   *
   * @param onArrived told when it has surely arrived and the answer takes its time
   */
  send(request: HttpRequest, signal: AbortSignal | undefined, onArrived: () => void): Promise<HttpReply>;
  readonly pool: PoolState;
  close(): Promise<void>;
}

/**
 * Keep-alive connections to one origin; whatever a caller asks for, nothing goes anywhere else.
 * @throws what OpenSSL says of a certificate or a key that cannot be used
 */
export function createTransport(options: TransportOptions): Transport {
  const { maxResponseBytes } = options;
  const delivery = new DeliveryTime();
  const connect = createConnector(options);
  const connections = new Connections({
    origin: options.origin,
    max: options.maxConnections,
    maxAgeMs: options.connectionAgeMs,
    client: {
      pipelining: 1,
      connect: (target, callback) => {
        const startedAt = performance.now();
        connect(target, (...result) => {
          if (result[0] === null) delivery.connected(performance.now() - startedAt);
          callback(...result);
        });
      },
      // The one timer of each call covers both.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxResponseBytes,
    },
  });
  return {
    async send({ method, path, headers, body }, signal, onArrived) {
      const { head, bytes } = await new Promise<RawReply>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(new BrokenCallError({ sent: false, reason: 'aborted', head: null }, signal.reason));
          return;
        }
        const connection = connections.take(NOT_REPEATED.includes(method) ? POST_IDLE_MS : Infinity);
        const exchange = new Exchange({
          // Undici looks whether a connection was closed since only before a call that comes after its turn of the last one.
          resolve: (reply) =>
            void setImmediate(() => {
              connections.giveBack(connection);
              resolve(reply);
            }),
          reject(error) {
            reject(error);
            connections.breakOff(connection);
          },
          signal,
          timeoutMs: options.timeoutMs,
          connectTimeoutMs: longestConnectMs(options.connectTimeoutMs),
          deliveryMs: delivery.boundMs(body),
          onArrived,
        });
        connection.client.dispatch({ method, path, headers: [...headers, ...OWN_HEADERS], body }, exchange);
      });
      try {
        const { 'content-encoding': codings = null } = head.headers;
        const text = await replyText(bytes, Array.isArray(codings) ? codings.join() : codings, maxResponseBytes);
        return { ...head, body: text };
      } catch (error) {
        throw new BrokenCallError({ sent: true, reason: 'unreadable', head }, error);
      }
    },
    get pool() {
      return { open: connections.open, inUse: connections.inUse };
    },
    close: () => connections.destroy(),
  };
}

interface ExchangeOptions extends CallTimeouts {
  resolve: (reply: RawReply) => void;
  reject: (error: BrokenCallError) => void;
  signal?: AbortSignal | undefined;
  /** After it was written, a call has surely arrived in so long. */
  deliveryMs: number;
  onArrived: () => void;
}

/**
 * Follows one call through undici. With HTTP/1.1 `onRequestStart` is called in one place (client-h1.js, `writeH1`):
 * on a connected socket, in the same tick as the first bytes are written. Before it, nothing has left, and only the
 * connect timeout runs; the call's own begins there.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  #timer: NodeJS.Timeout;
  #arrivalTimer: NodeJS.Timeout | undefined;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | null = null;
  #head: ReplyHead | null = null;
  #settled = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#timer = setTimeout(this.#onTimeout, options.connectTimeoutMs);
    options.signal?.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection, or put back in the queue by undici: it must not be written.
    // Throwing, unlike an abort, leaves the connection alive.
    if (this.#settled || this.#controller !== null) throw new Error('a call is written once');
    this.#controller = controller;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, this.#options.timeoutMs);
    this.#arrivalTimer = setTimeout(this.#options.onArrived, this.#options.deliveryMs);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (statusCode < 200) return;
    const retryAfter = headers['retry-after'];
    this.#head = { statusCode, retryAfter: (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null, headers };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#head === null) return;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    if (this.#settle()) this.#options.resolve({ head: this.#head, bytes });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!(error instanceof errors.HTTPParserError)) return this.#break('failed', error);
    // It carries the bytes it stumbled over, which are the provider's data.
    const isHttp2 = 'data' in error && startsWithSettings(String(error.data));
    this.#break(isHttp2 ? 'http2' : 'not-http', undefined);
  }

  readonly #onTimeout = (): void => this.#break('timeout', undefined);
  readonly #onAbort = (): void => this.#break('aborted', this.#options.signal?.reason);

  #break(reason: BreakReason, cause: unknown): void {
    if (!this.#settle()) return;
    const error = new BrokenCallError({ sent: this.#controller !== null, reason, head: this.#head }, cause);
    this.#options.reject(error);
    this.#controller?.abort(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#arrivalTimer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
