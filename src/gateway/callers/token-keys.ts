import type { FastifyBaseLogger } from 'fastify';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JWTVerifyGetKey,
  type RemoteJWKSet,
} from 'jose';

const TIMEOUT_MS = 5_000;
/** A key that is not known has the set read again, but not sooner than so long after it was read. */
const COOLDOWN_MS = 10_000;
/** A key that the issuer took out is good no longer than this. */
const REFRESH_MS = 300_000;
/** After a failure nobody asks for so long. */
const RETRY_MS = 5_000;

export const RETRY_AFTER_S = RETRY_MS / 1000;

/** The issuer's keys are away, and what was read of them does not help. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

/** The public keys of the issuer, read at the start and again in time. While they are away those that are known stay good. */
export class TokenKeys {
  readonly #remote: RemoteJWKSet;
  readonly #logger: FastifyBaseLogger;
  #askedAt = -Infinity;
  #failure: KeysUnavailableError | null = null;

  constructor(url: URL, logger: FastifyBaseLogger) {
    this.#logger = logger;
    this.#remote = createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      // Old keys are replaced in the background, not waited for.
      cacheMaxAge: Infinity,
      [customFetch]: this.#fetch,
    });
    this.#readAgain();
  }

  /** @throws KeysUnavailableError, or an error of jose about the token */
  readonly keyFor: JWTVerifyGetKey = (header, token) => {
    const isDue = Date.now() - this.#askedAt > (this.#failure === null ? REFRESH_MS : RETRY_MS);
    if (isDue && this.#remote.fresh) this.#readAgain();
    return this.#remote(header, token);
  };

  #readAgain(): void {
    // It tells of its failures itself.
    this.#remote.reload().catch(() => undefined);
  }

  readonly #fetch: FetchImplementation = async (url, options) => {
    if (this.#failure !== null && Date.now() - this.#askedAt < RETRY_MS) throw this.#failure;
    this.#askedAt = Date.now();
    try {
      const response = await readSet(url, options);
      if (this.#failure !== null) {
        this.#logger.info({ event: 'token_keys_available' }, "the issuer's keys can be read again");
      }
      this.#failure = null;
      return response;
    } catch (error) {
      const failure = new KeysUnavailableError(`The keys of the issuer cannot be read: ${reasonOf(error)}.`);
      if (this.#failure === null) {
        this.#logger.warn(
          { event: 'token_keys_unavailable', reason: reasonOf(error) },
          "the issuer's keys cannot be read; those that are known stay good",
        );
      }
      this.#failure = failure;
      this.#askedAt = Date.now();
      throw failure;
    }
  };
}

async function readSet(...[url, options]: Parameters<FetchImplementation>): Promise<Response> {
  const response = await fetch(url, options);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the answer is ${response.status}`);
  try {
    createLocalJWKSet(JSON.parse(text));
  } catch {
    throw new Error('the answer is no JSON Web Key Set');
  }
  return new Response(text);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
