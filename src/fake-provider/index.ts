import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { parseScriptedFaults, type ScriptedFault } from './faults.ts';
import type { LedgerEntry } from './ledger.ts';
import { serve } from './server.ts';
import { DEFAULT_SETTINGS, parseSettings, type Settings } from './settings.ts';
import { type Credentials, State } from './state.ts';

export type { LedgerEntry } from './ledger.ts';
export type { ScriptedFault } from './faults.ts';
export { processedDataOf } from './processed-data.ts';

export interface FakeProviderOptions {
  /** Default 127.0.0.1. The control routes are open to whoever can connect. */
  host?: string;
  /** Default 0: a free one. */
  port?: number;
  /** Default `demo-api-key`, `demo-client`, `demo-secret`. */
  credentials?: Partial<Credentials>;
  settings?: Partial<Settings>;
  /** PEM. With it the provider speaks HTTPS only. */
  tls?: { key: string; cert: string };
}

/** A simulator of the data-processing API v2.1 that keeps a ledger of what really happened. */
export interface FakeProvider extends AsyncDisposable {
  /** Origin, without a slash at the end. */
  readonly url: string;
  /** Every call since the start or the last reset, in order of arrival. */
  readonly ledger: readonly Readonly<LedgerEntry>[];
  /** Assign to change; the next call sees it. */
  readonly settings: Settings;
  /** What callers must present. Assign to change; tokens that are out stay valid until they expire or are revoked. */
  readonly credentials: Credentials;
  /** Adds faults to the script. @throws InvalidInput naming what is wrong. */
  script(...faults: ScriptedFault[]): void;
  clearFaults(): void;
  revokeTokens(): void;
  /** Back to the start: ledger, jobs, tokens, rate window, script, settings and credentials. */
  reset(): void;
  /** Ends every open connection at once, and drops callbacks that were not sent yet. */
  close(): Promise<void>;
}

/** @throws when the address cannot be listened on (`code: 'EADDRINUSE'`), or a setting is wrong. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const { host = '127.0.0.1', port = 0, tls } = options;
  const credentials = { apiKey: 'demo-api-key', clientId: 'demo-client', clientSecret: 'demo-secret' };
  const state = new State(
    { ...DEFAULT_SETTINGS, ...parseSettings(options.settings ?? {}) },
    { ...credentials, ...options.credentials },
  );

  const listener: RequestListener = (req, res) => void serve(state, req, res);
  const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener);
  // An idle connection that the server closes just when a caller reuses it would be a fault that nobody scripted.
  server.keepAliveTimeout = 10 * 60_000;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');

  const { port: boundPort } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    state.callbacks.cancel();
    await closed;
  };
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    get ledger() {
      return state.ledger.entries;
    },
    settings: state.settings,
    credentials: state.credentials,
    script: (...faults) => state.faults.add(parseScriptedFaults(faults)),
    clearFaults: () => state.faults.clear(),
    revokeTokens: () => state.tokens.revokeAll(),
    reset: () => state.reset(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
