/** How callers of the gateway say who they are: what its configuration gives to it. */

export interface ApiKey {
  readonly tenant: string;
  /** Milliseconds since 1970; from then on the key is refused. Null: it does not expire. */
  readonly expiresAt: number | null;
}

/** SHA-256 of each key (lower-case hex) to what it is good for. */
export type ApiKeys = ReadonlyMap<string, ApiKey>;

/**
 * The keys as they are now.
 *
 * @param isRefusing those that were given last do not have the one that somebody shows
 */
export type CurrentKeys = (isRefusing?: boolean) => ApiKeys;

/** Which JSON Web Tokens (RFC 7519) are good. */
export interface TokenRules {
  /** `iss`, exactly. */
  readonly issuer: string;
  /** In `aud`. */
  readonly audience: string;
  /** Where the issuer's public keys are (RFC 7517, section 5). */
  readonly jwksUrl: string;
  /** The claim that names the tenant. */
  readonly tenantClaim: string;
  /** So far may the issuer's clock be from ours. */
  readonly clockSkewMs: number;
}
