import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DEFAULT_TENANT } from '../contract/names.ts';
import { HttpError } from './http-error.ts';

/** SHA-256 (hex) of each caller's key to its tenant; null when nobody needs a key. */
export type ApiKeys = ReadonlyMap<string, string> | null;

/** Finds every caller's tenant before its body is read, and refuses callers without a known key. RFC 6750. */
export function authenticateCallers(app: FastifyInstance, apiKeys: ApiKeys): void {
  const tenantOf = apiKeys === null ? () => DEFAULT_TENANT : createTenantLookup(apiKeys);
  app.addHook('onRequest', async (request) => {
    const tenant = tenantOf(request.headers.authorization);
    if (tenant === null) throw refusal(request);
    request.tenant = tenant;
  });
}

/** The tenant whose key an `Authorization: Bearer …` header carries. The time it takes tells nothing about the keys. */
export function createTenantLookup(apiKeys: ReadonlyMap<string, string>) {
  const entries = [...apiKeys].map(([digest, tenant]) => ({ digest: Buffer.from(digest, 'hex'), tenant }));
  return (authorization: string | undefined): string | null => {
    const key = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) return null;
    const digest = createHash('sha256').update(key).digest();
    let found: string | null = null;
    for (const entry of entries) if (timingSafeEqual(entry.digest, digest)) found = entry.tenant;
    return found;
  };
}

function refusal(request: FastifyRequest): HttpError {
  const given = request.headers.authorization !== undefined;
  request.log.warn(
    { event: 'caller_refused', reason: given ? 'unknown key' : 'no key', remote_address: request.ip },
    'caller authentication failed',
  );
  return new HttpError(
    401,
    'CallerAuthenticationError',
    given ? 'This API key is not known here.' : 'An API key is required: Authorization: Bearer <key>.',
    {
      'www-authenticate': given ? 'Bearer realm="external-api", error="invalid_token"' : 'Bearer realm="external-api"',
    },
  );
}
