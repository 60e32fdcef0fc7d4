import { randomBytes } from 'node:crypto';

/** The access tokens this provider has issued and still accepts. */
export class Tokens {
  readonly #expiresAt = new Map<string, number>();

  issue(nowMs: number, lifetimeS: number): string {
    this.#forgetExpired(nowMs);
    const token = randomBytes(24).toString('base64url');
    this.#expiresAt.set(token, nowMs + lifetimeS * 1000);
    return token;
  }

  accepts(token: string, nowMs: number): boolean {
    return nowMs < (this.#expiresAt.get(token) ?? -Infinity);
  }

  revokeAll(): void {
    this.#expiresAt.clear();
  }

  /** From the oldest on, up to the first that lives: cheap however many there are. */
  #forgetExpired(nowMs: number): void {
    for (const [token, expiresAt] of this.#expiresAt) {
      if (nowMs < expiresAt) return;
      this.#expiresAt.delete(token);
    }
  }
}
