import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { orAborted } from './or-aborted.ts';

/** All addresses of a name, the preferred one first. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

export const systemLookup: Lookup = (hostname) => lookup(hostname, { all: true });

/** From one address to the next, while the one before has not answered (RFC 8305, section 5). */
const NEXT_ADDRESS_MS = 250;
/** Within this time of the first address all are tried. */
export const ALL_ADDRESSES_MS = 750;

/** After so long without a byte TCP asks whether the other end is there. */
const PROBE_MS = 60_000;

export interface OpenSocketOptions {
  hostname: string;
  port: number;
  /** Its abort ends all attempts. */
  signal: AbortSignal;
  /** Told in how long the last of the addresses is tried, if none answers before. */
  onAddresses: (lastStartMs: number) => void;
  lookup: Lookup;
}

/**
 * A TCP connection to the first address of a name that accepts one. A dead address costs the time to the next attempt, and
 * a slow one is not given up for it, as Node.js does after 250 ms.
 * @throws the failure of the first address, of the lookup, or the signal's reason
 */
export async function openSocket(options: OpenSocketOptions): Promise<Socket> {
  const { hostname, port, signal, onAddresses, lookup: find } = options;
  const addresses = alternating(await orAborted(find(hostname), signal));
  const stepMs = Math.min(NEXT_ADDRESS_MS, ALL_ADDRESSES_MS / Math.max(1, addresses.length - 1));
  onAddresses(stepMs * (addresses.length - 1));
  return await firstToConnect(addresses, port, stepMs, signal);
}

/** IPv6 and IPv4 by turns: when one of them leads nowhere, the second attempt is of the other (RFC 8305, section 4). */
export function alternating(addresses: readonly LookupAddress[]): LookupAddress[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const other = addresses.filter(({ family }) => family !== addresses[0]?.family);
  return first.flatMap((address, n) => [address, ...other.slice(n, n + 1)]).concat(other.slice(first.length));
}

function firstToConnect(
  addresses: readonly LookupAddress[],
  port: number,
  stepMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const waiting = [...addresses];
  const trying = new Set<Socket>();
  let timer: NodeJS.Timeout | undefined;
  let failure: Error | undefined;
  return new Promise((resolve, reject) => {
    function settle(act: () => void): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of trying) socket.destroy();
      act();
    }
    function onAbort(): void {
      settle(() => reject(signal.reason as Error));
    }
    function tryNext(): void {
      clearTimeout(timer);
      const next = waiting.shift();
      if (next === undefined) {
        if (trying.size === 0) settle(() => reject(failure ?? new Error('a name without an address')));
        return;
      }
      const socket = connect({
        host: next.address,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: PROBE_MS,
      });
      trying.add(socket);
      socket.once('connect', () => {
        trying.delete(socket);
        settle(() => resolve(socket));
      });
      // Stays: what goes wrong between two owners of a socket is seen by the next one.
      socket.on('error', (error) => {
        failure ??= error;
        if (trying.delete(socket)) tryNext();
      });
      if (waiting.length > 0) timer = setTimeout(tryNext, stepMs);
    }
    signal.addEventListener('abort', onAbort);
    tryNext();
  });
}
