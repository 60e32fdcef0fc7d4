import type { z } from 'zod';
import type { TokenRules } from '../contract/callers.ts';
import { readable } from './load.ts';
import { credential, secureUrl, seconds } from './schemas.ts';

/** Tokens of callers: all of the first three, or none. */
export const JWT_VARIABLES = {
  GATEWAY_JWT_ISSUER: credential.optional(),
  GATEWAY_JWT_AUDIENCE: credential.optional(),
  GATEWAY_JWT_JWKS_URL: secureUrl('https://login.example.com/.well-known/jwks.json').optional(),
  GATEWAY_JWT_TENANT_CLAIM: credential.default('tenant'),
  GATEWAY_JWT_CLOCK_SKEW: seconds({ min: 0, max: 300 }).default(30_000),
};

interface JwtValues {
  GATEWAY_JWT_ISSUER?: string | undefined;
  GATEWAY_JWT_AUDIENCE?: string | undefined;
  GATEWAY_JWT_JWKS_URL?: URL | undefined;
  GATEWAY_JWT_TENANT_CLAIM: string;
  GATEWAY_JWT_CLOCK_SKEW: number;
}

/** What each of them is, for whoever has set another. */
const TOGETHER = {
  GATEWAY_JWT_ISSUER: 'the iss of the tokens, exactly',
  GATEWAY_JWT_AUDIENCE: 'what aud says of tokens for this gateway: without it those for any other service would do',
  GATEWAY_JWT_JWKS_URL: "where the issuer's public keys are",
} as const;
const NAMES = Object.keys(TOGETHER) as (keyof typeof TOGETHER)[];

/** For `refine`: it is required where another of them is set. */
export function withOthers(name: keyof typeof TOGETHER): [(values: JwtValues) => boolean, z.core.$ZodCustomParams] {
  return [
    (values) => values[name] !== undefined || NAMES.every((other) => values[other] === undefined),
    {
      path: [name],
      message: `is required with the other GATEWAY_JWT_ variables: ${TOGETHER[name]}`,
      when: readable(...NAMES),
    },
  ];
}

/** Null: no tokens are taken. */
export function tokenRulesIn({
  GATEWAY_JWT_ISSUER: issuer,
  GATEWAY_JWT_AUDIENCE: audience,
  GATEWAY_JWT_JWKS_URL: jwksUrl,
  GATEWAY_JWT_TENANT_CLAIM: tenantClaim,
  GATEWAY_JWT_CLOCK_SKEW: clockSkewMs,
}: JwtValues): TokenRules | null {
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return null;
  return Object.freeze({ issuer, audience, jwksUrl: jwksUrl.href, tenantClaim, clockSkewMs });
}
