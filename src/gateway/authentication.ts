import type { FastifyInstance } from 'fastify';
import type { ApiKeys, CurrentKeys } from '../contract/callers.ts';
import { DEFAULT_TENANT } from '../contract/names.ts';
import { keyLookup } from './callers/api-keys.ts';
import { type Refusal, refusalOf } from './callers/refusals.ts';

/** The keys, or what tells them where they change; null when nobody needs one. */
export type CallerKeys = ApiKeys | CurrentKeys | null;

/** Nobody has the empty one, whoever configured its SHA-256. */
const KEY = /^[\x21-\x7e]+$/;

type Caller = { tenant: string } | { refusal: Refusal };

/** Finds every caller's tenant before its body is read, and refuses callers without a good key. RFC 6750. */
export function authenticateCallers(app: FastifyInstance, keys: CallerKeys): void {
  const identify = identifier(keys);
  app.addHook('onRequest', async (request) => {
    const caller = identify(request.headers.authorization);
    if ('tenant' in caller) {
      request.tenant = caller.tenant;
      return;
    }
    request.log.warn(
      { event: 'caller_refused', reason: caller.refusal, remote_address: request.ip },
      'caller authentication failed',
    );
    throw refusalOf(caller.refusal);
  });
}

function identifier(keys: CallerKeys): (authorization: string | undefined) => Caller {
  if (keys === null) return () => ({ tenant: DEFAULT_TENANT });
  const find = keyLookup(typeof keys === 'function' ? keys : () => keys);
  return (authorization) => {
    // Another scheme shows nothing that we could look at.
    const [isBearer, key = ''] = /^Bearer(?: +(.*)|$)/i.exec(authorization ?? '') ?? [];
    if (isBearer === undefined) return { refusal: 'no key' };
    const found = KEY.test(key) ? find(key) : null;
    if (found === null) return { refusal: 'unknown key' };
    if (found.expiresAt !== null && Date.now() >= found.expiresAt) return { refusal: 'expired key' };
    return { tenant: found.tenant };
  };
}
