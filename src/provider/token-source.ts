import type { CallContext } from './call.ts';
import { orAborted } from './or-aborted.ts';
import type { SharedTokens } from './shared-token.ts';
import type { Token, UsableToken } from './token.ts';

export interface FetchedToken {
  accessToken: string;
  /** Seconds, as the provider says; null when it does not. */
  expiresIn: number | null;
}

interface TokenSourceOptions {
  fetchToken: (context: CallContext) => Promise<FetchedToken>;
  /** Told of each new token of this process, whoever fetched it. */
  onRefreshed: (generation: number) => void;
  /** Without it this process has a token of its own. */
  shared?: SharedTokens | undefined;
  now?: () => number;
}

/** RFC 6749, section 5.1, only recommends `expires_in`. A short life costs one token call per five minutes. */
const DEFAULT_LIFETIME_S = 300;
const LONGEST_LIFETIME_S = 86_400;
const LONGEST_REFRESH_WINDOW_MS = 60_000;
const BACKGROUND_RETRY_MS = 5_000;

/** Not every server of a provider knows a token at once. */
const YOUNG_MS = 10_000;
/** Calls that were refused together are one doubt. */
const SAME_DOUBT_MS = 1_000;

export type TokenDecision = 'serve' | 'serve-and-refresh' | 'wait';

/** The policy of {@link TokenSource} for a token at a time. */
export function decideToken(
  token: Pick<Token, 'expiresAt' | 'refreshAt'> | null,
  now: number,
  backgroundFailedAt: number,
): TokenDecision {
  if (token === null || now >= token.expiresAt) return 'wait';
  if (now < token.refreshAt || now < backgroundFailedAt + BACKGROUND_RETRY_MS) return 'serve';
  return 'serve-and-refresh';
}

/** Times of a token that was asked for at `askedAt`: its life is counted from there, so it is never overrated. */
export function tokenTimes(
  askedAt: number,
  expiresIn: number | null,
): Pick<Token, 'issuedAt' | 'expiresAt' | 'refreshAt'> {
  const lifetimeMs = Math.min(Math.max(expiresIn ?? DEFAULT_LIFETIME_S, 0), LONGEST_LIFETIME_S) * 1000;
  const expiresAt = askedAt + lifetimeMs;
  return { issuedAt: askedAt, expiresAt, refreshAt: expiresAt - Math.min(lifetimeMs / 5, LONGEST_REFRESH_WINDOW_MS) };
}

/**
 * The access token that all calls share.
 *
 * | the token                                    | who asks                                                      |
 * |----------------------------------------------|---------------------------------------------------------------|
 * | is fresh                                     | is served at once                                             |
 * | is in the last fifth of its life, or minute  | is served at once; one refresh runs in the background         |
 * | … and the last such refresh failed < 5 s ago | is served at once                                             |
 * | is expired, invalidated or not there         | waits; all share one refresh, and its token or its error      |
 * | came with no life left                       | is served to those who waited for it, and to nobody else      |
 *
 * Who gives up waiting leaves the refresh running for the others. A token without `expires_in` lives 5 minutes, none
 * longer than a day.
 *
 * With `shared`, a refresh is this:
 *
 * | in Redis                                     | the process                                                   |
 * |----------------------------------------------|---------------------------------------------------------------|
 * | is another token than its last               | takes it, without a call                                      |
 * | is none, and nobody has the turn             | takes the turn, fetches one, stores it                        |
 * | … and its fetch fails                        | gives the turn up, and has the error                          |
 * | is none, and another process has the turn    | looks again until there is one, or the turn is free or lapsed |
 * | is what cannot be ours; or Redis is down     | fetches one for itself, 300 ms later at most                  |
 *
 * An invalidated token is deleted there too, unless it has been replaced.
 */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  readonly #now: () => number;
  #token: Token | null = null;
  #refresh: Promise<Token> | null = null;
  /** The refresh that was under way when a token was refused: nobody whose call was refused waits for that one. */
  #outdated: Promise<Token> | null = null;
  #generation = 0;
  #backgroundFailedAt = -Infinity;
  /** The young token that was refused. */
  #doubted: { generation: number; at: number } | null = null;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** A token to use now. Rejects as the refresh does, or with the signal's reason. */
  async get(context: CallContext): Promise<Token> {
    context.signal?.throwIfAborted();
    const token = this.#token;
    const decision = decideToken(token, this.#now(), this.#backgroundFailedAt);
    if (token === null || decision === 'wait') return orAborted(this.#refreshOnce(context), context.signal);
    if (decision === 'serve-and-refresh') {
      this.#refreshOnce(context).catch(() => (this.#backgroundFailedAt = this.#now()));
    }
    return token;
  }

  /** Whether `get` would not have to wait. */
  get hasToken(): boolean {
    return decideToken(this.#token, this.#now(), this.#backgroundFailedAt) !== 'wait';
  }

  /** A new token, though the old one may still be good. Rejects as `get` does. */
  async renew(context: CallContext): Promise<Token> {
    context.signal?.throwIfAborted();
    return orAborted(this.#refreshOnce(context), context.signal);
  }

  /**
   * Whether a token that was just refused may be one that the provider does not know yet: then it is used once more, a
   * little later, before it is dropped.
   */
  mayBeTooNew({ generation, issuedAt }: Pick<Token, 'generation' | 'issuedAt'>): boolean {
    const now = this.#now();
    if (now - issuedAt >= YOUNG_MS) return false;
    if (this.#doubted?.generation !== generation) this.#doubted = { generation, at: now };
    return now - this.#doubted.at < SAME_DOUBT_MS;
  }

  /** Drops the token of `generation`, which the provider refused; a newer one stays. */
  invalidate(generation: number): void {
    if (this.#token?.generation !== generation) return;
    this.#options.shared?.refuse(this.#token.accessToken);
    this.#token = null;
    this.#outdated = this.#refresh;
  }

  #refreshOnce(context: CallContext): Promise<Token> {
    const running = this.#refresh;
    if (running !== null && running !== this.#outdated) return running;
    const renewed = (): Promise<Token> => this.#refreshed(context);
    // One at a time.
    const refresh = (running === null ? renewed() : running.then(renewed, renewed)).finally(() => {
      if (this.#refresh === refresh) this.#refresh = null;
    });
    this.#refresh = refresh;
    return refresh;
  }

  async #refreshed({ requestId, count }: CallContext): Promise<Token> {
    const { shared, onRefreshed } = this.#options;
    const fetch = (): Promise<UsableToken> => this.#fetch({ requestId, count });
    const token = {
      ...(await (shared === undefined ? fetch() : shared.obtain(fetch))),
      generation: ++this.#generation,
    };
    this.#token = token;
    onRefreshed(token.generation);
    return token;
  }

  async #fetch(context: CallContext): Promise<UsableToken> {
    const askedAt = this.#now();
    const { accessToken, expiresIn } = await this.#options.fetchToken(context);
    return { accessToken, own: true, ...tokenTimes(askedAt, expiresIn) };
  }
}
