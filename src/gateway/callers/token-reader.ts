import type { FastifyBaseLogger } from 'fastify';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { TokenRules } from '../../contract/callers.ts';
import { NAME_PATTERN } from '../../contract/names.ts';
import type { Caller } from './caller.ts';
import type { Refusal } from './refusals.ts';
import { KeysUnavailableError, TokenKeys } from './token-keys.ts';

/** Asymmetric ones alone (RFC 7518, RFC 8037, RFC 9864): whoever can verify must not be able to sign. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** The compact form (RFC 7515, section 7.1); unsigned it ends with a dot. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export function looksLikeToken(text: string): boolean {
  return COMPACT.test(text);
}

/** Whose a token is, by what its issuer signed. */
export function tokenReader(rules: TokenRules, logger: FastifyBaseLogger): (token: string) => Promise<Caller> {
  const { issuer, audience, jwksUrl, tenantClaim, clockSkewMs } = rules;
  const { keyFor } = new TokenKeys(new URL(jwksUrl), logger);
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: clockSkewMs / 1000,
    requiredClaims: ['exp'],
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keyFor, options);
      return callerOf(payload, tenantClaim);
    } catch (error) {
      return { refusal: refusalFor(error), ...(error instanceof KeysUnavailableError && { cause: error }) };
    }
  };
}

function callerOf(payload: JWTPayload, tenantClaim: string): Caller {
  // Not what objects have by themselves.
  const tenant = Object.hasOwn(payload, tenantClaim) ? payload[tenantClaim] : undefined;
  return typeof tenant === 'string' && NAME_PATTERN.test(tenant) ? { tenant } : { refusal: 'no tenant' };
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof KeysUnavailableError) return 'no verification';
  if (error instanceof errors.JWTExpired) return 'expired token';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'bad token';
  return ['iss', 'aud'].includes(error.claim) ? 'foreign token' : 'bad claims';
}
