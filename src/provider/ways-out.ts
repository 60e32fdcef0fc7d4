import { rootCertificates } from 'node:tls';
import { createCallMaker, type MakeCall } from './call.ts';
import { NO_BUDGET } from './no-budget.ts';
import type { ProviderClientOptions } from './provider-client.ts';
import { Sockets } from './sockets.ts';
import type { TlsOptions } from './tls-identity.ts';
import { createTransport, type PoolState, type Transport } from './transport.ts';
import { watched } from './watch-calls.ts';

const MAX_RESPONSE_BYTES = 10 * 1024 * 1024;
const CONNECTION_AGE_MS = 300_000;

/** To where calls go. Those to other origins than the provider's take no permit, and say nothing of whether it is up. */
export interface WaysOut {
  /** To the origin of the base URL. */
  readonly toProvider: MakeCall;
  /** To an origin that the configuration names. */
  to(origin: string): MakeCall;
  /** To an origin that a reply names: only at a public address, and nothing is kept open. */
  once<Value>(origin: string, use: (make: MakeCall) => Promise<Value>): Promise<Value>;
  /** To the provider. `waiting`: calls that wait for a socket. */
  readonly pool: PoolState & { waiting: number };
  /** Places for calls that are free. */
  readonly free: number;
  close(): Promise<void>;
}

export function createWaysOut(options: ProviderClientOptions): WaysOut {
  const { baseUrl, timeoutMs, connectTimeoutMs, maxConnections, budget, observer, tls = {}, proxy, lookup } = options;
  const { connectionAgeMs = CONNECTION_AGE_MS, maxResponseBytes = MAX_RESPONSE_BYTES, rateHeaders = true } = options;
  const { watch } = options;
  const timeouts = { timeoutMs, connectTimeoutMs };
  const sockets = new Sockets(maxConnections);
  const open: Transport[] = [];

  function transportTo(origin: string, ofReply: boolean): Transport {
    const limits = { maxConnections, connectionAgeMs, maxResponseBytes };
    const identity = ofReply ? trustOf(tls) : tls;
    return createTransport({ origin, ...timeouts, ...limits, tls: identity, proxy, lookup, isPublic: ofReply });
  }
  function maker(transport: Transport, origin: string): MakeCall {
    const shared = { transport, sockets, origin, timeouts, observer };
    const make =
      origin === baseUrl.origin
        ? createCallMaker({ ...shared, budget, rateHeaders })
        : createCallMaker({ ...shared, budget: NO_BUDGET, rateHeaders: false });
    return watch === undefined ? make : watched(make, origin, watch);
  }
  function kept(origin: string): Transport {
    const transport = transportTo(origin, false);
    open.push(transport);
    return transport;
  }

  const own = kept(baseUrl.origin);
  const toProvider = maker(own, baseUrl.origin);
  return {
    toProvider,
    to: (origin) => (origin === baseUrl.origin ? toProvider : maker(kept(origin), origin)),
    async once(origin, use) {
      const transport = transportTo(origin, true);
      try {
        return await use(maker(transport, origin));
      } finally {
        await transport.close();
      }
    },
    get pool() {
      return { ...own.pool, waiting: sockets.waiting };
    },
    get free() {
      return sockets.free;
    },
    async close() {
      await Promise.all(open.map((transport) => transport.close()));
    },
  };
}

/** For others than the provider: our certificate is not theirs to see, and public authorities vouch for them too. */
function trustOf({ ca }: TlsOptions): TlsOptions {
  return ca === undefined ? {} : { ca: [...rootCertificates, ca].join('\n') };
}
