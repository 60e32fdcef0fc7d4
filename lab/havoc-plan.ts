/** What is done to the processes of a run besides killing single workers; `after` so many accepted requests. */
export type Blow = { after: number } & Harm;

export type Harm =
  | { what: 'freeze-worker'; forMs: number }
  /** All at once; requests are cancelled while there is none. */
  | { what: 'kill-all-workers' }
  | { what: 'restart-temporal' }
  | { what: 'restart-gateway'; signal: 'SIGKILL' | 'SIGTERM' }
  /** A 429 closes the provider for so long; requests are cancelled meanwhile. */
  | { what: 'close-provider'; forMs: number }
  | { what: 'pause-redis'; forMs: number }
  /** It comes back empty. */
  | { what: 'restart-redis' };

export interface HavocSize {
  /** At most so many workers are killed one at a time. */
  kills: number;
  freezeMs: number;
  temporalRestarts: number;
  gatewayRestarts: number;
  closuresMs: readonly number[];
  redisPausesMs: readonly number[];
}

/**
 * The blows of a run, in order, spread over it: each kind evenly, at moments that chance decides.
 *
 * @param random uniform in [0, 1)
 */
export function planBlows(requests: number, size: HavocSize, random: () => number): Blow[] {
  const spread = (harms: readonly Harm[], from: number): Blow[] =>
    harms.map((harm, n) => {
      const share = from + ((n + random() * 0.5) / harms.length) * (0.95 - from);
      return { after: Math.floor(requests * share), ...harm };
    });
  const times = (n: number, harmOf: (n: number) => Harm): Harm[] =>
    Array.from({ length: n }, (_, each) => harmOf(each));
  return [
    ...spread([{ what: 'freeze-worker', forMs: size.freezeMs }], 0.25),
    ...spread(
      times(size.temporalRestarts, () => ({ what: 'restart-temporal' })),
      0.2,
    ),
    ...spread(
      times(size.gatewayRestarts, (n) => ({ what: 'restart-gateway', signal: n % 2 === 1 ? 'SIGTERM' : 'SIGKILL' })),
      0.3,
    ),
    ...spread(
      [...size.redisPausesMs.map((forMs): Harm => ({ what: 'pause-redis', forMs })), { what: 'restart-redis' }],
      0.15,
    ),
    ...spread(
      size.closuresMs.map((forMs): Harm => ({ what: 'close-provider', forMs })),
      0.1,
    ),
    ...spread([{ what: 'kill-all-workers' }], 0.5),
  ].toSorted((a, b) => a.after - b.after);
}

const SHORTEST_MS = 2_000;
const LONGEST_MS = 5_000;

/** Milliseconds to the next kill of a worker. */
export function killDelay(random: () => number): number {
  return SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS);
}
