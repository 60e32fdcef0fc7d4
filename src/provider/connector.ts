import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector, errors } from 'undici';
import { codeOf } from './call-failure.ts';
import { ALL_ADDRESSES_MS, openSocket, systemLookup, type Lookup } from './open-socket.ts';
import { orAborted } from './or-aborted.ts';
import { publicOnly } from './public-addresses.ts';
import { ProxyError, tunnelThrough } from './proxy.ts';
import { createTlsIdentity, type TlsOptions } from './tls-identity.ts';

export interface ConnectorOptions {
  /** For each address of the provider's name, or of the proxy's, with all that follows: see {@link longestConnectMs}. */
  connectTimeoutMs: number;
  tls?: TlsOptions | undefined;
  /** http or https, may have credentials: asked by CONNECT for every connection. Absent: none. */
  proxy?: URL | undefined;
  /** Default: the system's. */
  lookup?: Lookup | undefined;
  /** Only public addresses are connected to: a reply of the provider named the host. A proxy decides that for itself. */
  isPublic?: boolean;
}

/** Who opens the connection says why there is none, before the call is given up. */
const MARGIN_MS = 250;

type Target = buildConnector.Options;

/** A call waits for its connection no longer: the last address of a name is tried a little after the first. */
export function longestConnectMs(connectTimeoutMs: number): number {
  return connectTimeoutMs + ALL_ADDRESSES_MS + MARGIN_MS;
}

/** Opens the connections of undici: name, address, proxy, TLS, in one time limit. */
export function createConnector({
  connectTimeoutMs,
  proxy,
  tls = {},
  lookup = systemLookup,
  isPublic = false,
}: ConnectorOptions): buildConnector.connector {
  const toProvider = createHandshake(tls);
  // A client certificate is for the provider alone.
  const toProxy = createHandshake({ ca: tls.ca, files: { ca: tls.files?.ca } });

  function open(target: Target, limit: TimeLimit, find: Lookup): Promise<Socket> {
    return openSocket({
      hostname: target.hostname,
      port: portOf(target),
      signal: limit.signal,
      onAddresses: (lastStartMs) => limit.extend(lastStartMs),
      lookup: find,
    });
  }

  async function openThrough(by: URL, target: Target, limit: TimeLimit): Promise<Socket> {
    const { signal } = limit;
    try {
      const plain = await open(targetOf(by), limit, lookup);
      const socket = by.protocol === 'https:' ? await toProxy(plain, targetOf(by), signal) : plain;
      return await tunnelThrough(by, socket, authorityOf(target), signal);
    } catch (error) {
      throw error instanceof ProxyError ? error : proxyError(by, error, signal.aborted ? connectTimeoutMs : null);
    }
  }

  async function connect(target: Target): Promise<Socket> {
    const limit = new TimeLimit(connectTimeoutMs);
    try {
      const find = isPublic ? publicOnly(lookup) : lookup;
      const socket = await (proxy ? openThrough(proxy, target, limit) : open(target, limit, find));
      return target.protocol === 'https:' ? await toProvider(socket, target, limit.signal) : socket;
    } finally {
      limit.end();
    }
  }

  return (target, callback) => void handOver(connect(target), callback);
}

/** Its signal is aborted when the time is over. */
class TimeLimit {
  readonly #timeout = new AbortController();
  readonly #startedAt = performance.now();
  readonly #ms: number;
  #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = setTimeout(this.#expire, ms);
  }

  get signal(): AbortSignal {
    return this.#timeout.signal;
  }

  extend(byMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, this.#ms + byMs - (performance.now() - this.#startedAt));
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  readonly #expire = (): void => this.#timeout.abort(new errors.ConnectTimeoutError());
}

async function handOver(connecting: Promise<Socket>, callback: buildConnector.Callback): Promise<void> {
  let socket: Socket;
  try {
    socket = await connecting;
    // Undici would take one that is closed for a reason to open another.
    if (socket.destroyed) throw socket.errored ?? new Error('closed at once');
  } catch (error) {
    callback(error as Error, null);
    return;
  }
  callback(null, socket);
}

/** A TLS handshake on a connection that is there. */
type Handshake = (socket: Socket, target: Target, signal: AbortSignal) => Promise<Socket>;

function createHandshake(tls: TlsOptions): Handshake {
  const identity = createTlsIdentity(tls);
  let made: { with: SecureContext; connector: buildConnector.connector } | null = null;

  async function handshakeConnector(): Promise<buildConnector.connector> {
    const secureContext = await identity.current();
    // Undici's keeps the sessions, which are of one identity.
    if (made?.with !== secureContext)
      made = { with: secureContext, connector: buildConnector({ timeout: 0, secureContext }) };
    return made.connector;
  }

  return async (socket, target, signal) => {
    try {
      const connector = await handshakeConnector();
      const secured = new Promise<Socket>((resolve, reject) => {
        connector({ ...target, httpSocket: socket }, (...[error, result]) =>
          // An alert after the handshake ends a connection as if the server had just closed it: its reason is to be kept.
          error === null ? resolve(result.on('error', (alert) => result.destroy(alert))) : reject(error),
        );
      });
      return await orAborted(secured, signal);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

function portOf({ port, protocol }: { port: string; protocol: string }): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

/** Host and port, as CONNECT wants them: the port is never left out. */
function authorityOf(target: Target): string {
  const { hostname } = target;
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${portOf(target)}`;
}

function targetOf({ hostname, host, protocol, port }: URL): Target {
  return { hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port };
}

function proxyError({ origin }: URL, cause: unknown, timeoutMs: number | null): ProxyError {
  const what = timeoutMs === null ? 'Could not connect to' : `No answer within ${timeoutMs / 1000} s from`;
  const code = timeoutMs === null ? codeOf(cause) : null;
  const because = code === null ? '' : ` (${code})`;
  const advice = 'check that it is up, and EXTERNAL_API_PROXY_URL';
  return new ProxyError(`${what} the proxy ${origin}${because}: ${advice}. Nothing was sent`, { cause });
}
