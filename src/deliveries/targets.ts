import type { LookupAddress } from 'node:dns';
import type { TargetRules } from '../callbacks/target.ts';
import { isLoopback } from '../contract/loopback.ts';
import { systemLookup, type Lookup } from '../provider/open-socket.ts';
import type { TlsOptions } from '../provider/tls-identity.ts';
import { createTransport, type Transport } from '../provider/transport.ts';
import { TargetGate } from './target-gate.ts';

/** Until the last address of a name is connected, TLS included. */
export const CONNECT_MS = 10_000;
/** From the first byte of an attempt to the end of its answer (Standard Webhooks, "Request timeouts": 15 to 30 s). */
export const CALL_MS = 20_000;
/** What a target says beside its status is for nobody. */
const MOST_ANSWER_BYTES = 64 * 1024;
/** A name may lead elsewhere by then. */
const CONNECTION_AGE_MS = 60_000;
const MOST_CONNECTIONS = 10;

/** Targets that are remembered, with their connections. */
const MOST_TARGETS = 500;

export interface Target {
  gate: TargetGate;
  transport: Transport;
}

export interface TargetsOptions {
  rules: Pick<TargetRules, 'loopback'>;
  /** Default: the system's. */
  lookup?: Lookup | undefined;
  /** Default: the certificates that Node.js trusts. */
  tls?: TlsOptions | undefined;
}

/** What each target is reached by, and what is known of it; of the least lately used ones that is forgotten. */
export class Targets {
  readonly #options: TargetsOptions;
  /** By origin. The one that was used last is last. */
  readonly #known = new Map<string, Target>();

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  of(url: URL): Target {
    const { origin } = url;
    const target = this.#known.get(origin) ?? this.#open(url);
    this.#known.delete(origin);
    this.#known.set(origin, target);
    if (this.#known.size > MOST_TARGETS) this.#forgetOne();
    return target;
  }

  async close(): Promise<void> {
    const all = [...this.#known.values()];
    this.#known.clear();
    await Promise.all(all.map(({ transport }) => transport.close()));
  }

  /** No proxy, whatever the environment says of one: who dials the address is who looked at it. */
  #open({ origin, hostname }: URL): Target {
    const { rules, lookup = systemLookup, tls = {} } = this.#options;
    const isHere = rules.loopback && isLoopback(hostname);
    const transport = createTransport({
      origin,
      maxConnections: MOST_CONNECTIONS,
      connectionAgeMs: CONNECTION_AGE_MS,
      maxResponseBytes: MOST_ANSWER_BYTES,
      timeoutMs: CALL_MS,
      connectTimeoutMs: CONNECT_MS,
      lookup: isHere ? loopbackOnly(lookup) : lookup,
      isPublic: !isHere,
      tls,
    });
    return { gate: new TargetGate(), transport };
  }

  #forgetOne(): void {
    for (const [origin, { gate, transport }] of this.#known) {
      if (!gate.isIdle) continue;
      this.#known.delete(origin);
      void transport.close();
      return;
    }
  }
}

/** Whoever names this machine must not mean another. */
function loopbackOnly(lookup: Lookup): Lookup {
  return async (hostname) => {
    const addresses = await lookup(hostname);
    if (addresses.every(({ address }: LookupAddress) => isLoopback(address))) return addresses;
    throw Object.assign(new Error('not an address of this machine'), { code: 'NOT_LOOPBACK' });
  };
}
