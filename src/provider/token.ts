/** An access token, as this process holds it. */
export interface Token {
  accessToken: string;
  /** Counts up with each token that this process gets, from the provider or from another process. */
  generation: number;
  /** When it was asked for, by the clock of whoever did; milliseconds since 1970, as all times here. */
  issuedAt: number;
  expiresAt: number;
  /** From here on a new one is fetched ahead of need. */
  refreshAt: number;
  /** Whether this process fetched it. One of another process may have been refused already. */
  own: boolean;
}

/** One that has no number in this process yet. */
export type UsableToken = Omit<Token, 'generation'>;
