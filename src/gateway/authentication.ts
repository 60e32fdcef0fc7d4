import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ApiKeys, CurrentKeys, TokenRules } from '../contract/callers.ts';
import { DEFAULT_TENANT } from '../contract/names.ts';
import { keyLookup } from './callers/key-lookup.ts';
import type { Caller } from './callers/caller.ts';
import { refusalOf } from './callers/refusals.ts';
import { looksLikeToken, tokenReader } from './callers/token-reader.ts';

/** The keys, or what tells them where they change; null: none. */
export type CallerKeys = ApiKeys | CurrentKeys | null;

/** Nobody has the empty one, whoever configured its SHA-256. */
const CREDENTIAL = /^[\x21-\x7e]+$/;

/**
 * Finds every caller's tenant before its body is read, and refuses callers without a good key or token (RFC 6750). Without
 * keys and rules for tokens nobody needs one.
 */
export function authenticateCallers(app: FastifyInstance, keys: CallerKeys, rules: TokenRules | null): void {
  const identify = identifier(keys, rules, app.log);
  app.addHook('onRequest', async (request) => {
    const caller = await identify(request.headers.authorization);
    if ('tenant' in caller) {
      request.tenant = caller.tenant;
      return;
    }
    const refusal = refusalOf(caller.refusal, caller.cause);
    if (refusal.status !== 503) {
      request.log.warn(
        { event: 'caller_refused', reason: caller.refusal, remote_address: request.ip },
        'caller authentication failed',
      );
    }
    throw refusal;
  });
}

type Identify = (authorization: string | undefined) => Caller | Promise<Caller>;

function identifier(keys: CallerKeys, rules: TokenRules | null, logger: FastifyBaseLogger): Identify {
  if (keys === null && rules === null) return () => ({ tenant: DEFAULT_TENANT });
  const find = keyLookup(typeof keys === 'function' ? keys : () => keys ?? new Map());
  const read = rules === null ? null : tokenReader(rules, logger);
  return (authorization) => {
    // Another scheme shows nothing that we could look at.
    const [isBearer, credential = ''] = /^Bearer(?: +(.*)|$)/i.exec(authorization ?? '') ?? [];
    if (isBearer === undefined) return { refusal: 'no key' };
    const found = CREDENTIAL.test(credential) ? find(credential) : null;
    if (found === null)
      return read !== null && looksLikeToken(credential) ? read(credential) : { refusal: 'unknown key' };
    if (found.expiresAt !== null && Date.now() >= found.expiresAt) return { refusal: 'expired key' };
    return { tenant: found.tenant };
  };
}
