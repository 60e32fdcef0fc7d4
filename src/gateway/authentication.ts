import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiKeys, CurrentKeys, TokenRules } from '../contract/callers.ts';
import { DEFAULT_TENANT } from '../contract/names.ts';
import type { Caller } from './callers/caller.ts';
import { keyLookup } from './callers/key-lookup.ts';
import { isFailedAttempt, type Refusal, refusalOf } from './callers/refusals.ts';
import { remoteAddress, remoteNetwork } from './callers/remote-address.ts';
import { type Slowed, SlowDown, tooManyFailedAttempts } from './callers/slow-down.ts';
import { looksLikeToken, tokenReader } from './callers/token-reader.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why what it showed is not good, if it is not. */
    failedAttempt: Refusal | null;
  }
}

/** The keys, or what tells them where they change; null: none. */
export type CallerKeys = ApiKeys | CurrentKeys | null;

/** Nobody has the empty one, whoever configured its SHA-256. */
const CREDENTIAL = /^[\x21-\x7e]+$/;

/**
 * Finds every caller's tenant before its body is read, and refuses callers without a good key or token (RFC 6750). Without
 * keys and rules for tokens nobody needs one.
 */
export function authenticateCallers(app: FastifyInstance, keys: CallerKeys, rules: TokenRules | null): void {
  if (keys === null && rules === null) {
    app.addHook('onRequest', async (request) => void (request.tenant = DEFAULT_TENANT));
    return;
  }
  const identify = identifier(keys, rules, app.log);
  const slowDown = new SlowDown();
  app.addHook('onRequest', async (request) => {
    const credential = credentialIn(request);
    // It guesses nothing.
    if (credential === null) return refuse(request, 'no key');
    const attempt = slowDown.attempt(remoteNetwork(request.ip), credential, performance.now());
    const caller = attempt.lookAt === 'nothing' ? null : await identify(credential, attempt.lookAt);
    if (caller === null) throw tooManyFailedAttempts(attempt);
    if ('tenant' in caller) {
      slowDown.succeeded(attempt);
      request.tenant = caller.tenant;
      return;
    }
    const { refusal, cause } = caller;
    if (isFailedAttempt(refusal)) {
      request.failedAttempt = refusal;
      if (attempt.waitMs > 0) throw tooManyFailedAttempts(attempt);
      const slowed = slowDown.failed(attempt, performance.now());
      if (slowed !== null) tellOf(request, slowed);
    }
    refuse(request, refusal, cause);
  });
}

/** Null: nothing is shown that we could look at; of another scheme, for one. */
function credentialIn({ headers }: FastifyRequest): string | null {
  const [isBearer, credential = ''] = /^Bearer(?: +(.*)|$)/i.exec(headers.authorization ?? '') ?? [];
  return isBearer === undefined ? null : credential;
}

/** Null: it was not looked at. */
type Identify = (credential: string, lookAt: 'all' | 'tokens') => Caller | Promise<Caller> | null;

function identifier(keys: CallerKeys, rules: TokenRules | null, logger: FastifyBaseLogger): Identify {
  const find = keyLookup(typeof keys === 'function' ? keys : () => keys ?? new Map());
  const read = rules === null ? null : tokenReader(rules, logger);
  return (credential, lookAt) => {
    const found = lookAt === 'all' && CREDENTIAL.test(credential) ? find(credential) : null;
    if (found === null) {
      if (read !== null && looksLikeToken(credential)) return read(credential);
      return lookAt === 'all' ? { refusal: 'unknown key' } : null;
    }
    if (found.expiresAt !== null && Date.now() >= found.expiresAt) return { refusal: 'expired key' };
    return { tenant: found.tenant };
  };
}

function refuse(request: FastifyRequest, reason: Refusal, cause?: Error): never {
  const refusal = refusalOf(reason, cause);
  if (refusal.status !== 503) {
    request.log.warn(
      { event: 'caller_refused', reason, remote_address: remoteAddress(request.ip) },
      'caller authentication failed',
    );
  }
  throw refusal;
}

function tellOf({ ip, headers, log }: FastifyRequest, { what, forMs }: Slowed): void {
  // A proxy that nobody named is taken for all of its clients.
  const hint = headers['x-forwarded-for'] === undefined ? '' : '; if it is a proxy, name it in GATEWAY_TRUSTED_PROXIES';
  log.warn(
    { event: 'address_slowed', remote_address: remoteNetwork(ip), what, wait: forMs / 1000 },
    `too many failed attempts to authenticate slow an address down${hint}`,
  );
}
