/** Whatever the network does, and a provider that is slow to accept. */
const LEAST_MS = 1_000;
const BYTES_PER_MS = 1024;
const CONNECTS_KEPT = 20;

/**
 * How long a written call takes to arrive at most. A connect is a round trip (with TLS two or three), so twice the
 * longest recent one is ample; a body goes at 1 MiB/s at least. To bound it well costs little: only calls whose answer
 * takes even longer are stamped by it.
 */
export class DeliveryTime {
  readonly #connects: number[] = [];

  connected(ms: number): void {
    this.#connects.push(ms);
    if (this.#connects.length > CONNECTS_KEPT) this.#connects.shift();
  }

  boundMs(body: string | null): number {
    return LEAST_MS + 2 * Math.max(0, ...this.#connects) + Buffer.byteLength(body ?? '') / BYTES_PER_MS;
  }
}
