import { HttpError } from '../http-error.ts';
import { RETRY_AFTER_S } from './token-keys.ts';

interface Row {
  status: number;
  /** The `error` member of the problem. */
  name: string;
  /** For the caller. */
  detail: string;
  /** RFC 6750, section 3.1. */
  code?: 'invalid_token' | 'insufficient_scope';
  /** Something was shown that is not good: too many of these slow an address down. */
  isFailedAttempt?: true;
}

/** What was shown is not good. */
const REFUSED = {
  status: 401,
  name: 'CallerAuthenticationError',
  code: 'invalid_token',
  isFailedAttempt: true,
} as const;

/** Why a caller is not let in; the log has the key of the row as its reason. */
export const REFUSALS = {
  'no key': {
    status: 401,
    name: 'CallerAuthenticationError',
    detail: 'A key is required: Authorization: Bearer <API key or token>.',
  },
  'unknown key': { ...REFUSED, detail: 'This API key is not known here.' },
  'expired key': { ...REFUSED, detail: 'This API key has expired. Ask for a new one.' },
  'bad token': { ...REFUSED, detail: 'This token cannot be verified: it is not signed by a known key of its issuer.' },
  'expired token': { ...REFUSED, detail: 'This token has expired. Get a new one.' },
  'foreign token': { ...REFUSED, detail: 'This token is of another issuer, or for another audience.' },
  'bad claims': { ...REFUSED, detail: 'This token is not valid yet, or does not say when it expires (exp).' },
  'no tenant': {
    status: 403,
    name: 'NoTenantError',
    detail: 'This token is good, and names no tenant of this service. Ask its issuer for the claim.',
    code: 'insufficient_scope',
  },
  'no verification': {
    status: 503,
    name: 'AuthenticationUnavailableError',
    detail: 'Tokens cannot be verified at the moment. Repeat the request later.',
  },
} as const satisfies Record<string, Row>;
export type Refusal = keyof typeof REFUSALS;

export function isFailedAttempt(reason: Refusal): boolean {
  const row: Row = REFUSALS[reason];
  return row.isFailedAttempt === true;
}

export function refusalOf(reason: Refusal, cause?: Error): HttpError {
  const { status, name, detail, code }: Row = REFUSALS[reason];
  if (status === 503) return new HttpError(status, name, detail, { 'retry-after': String(RETRY_AFTER_S) }, cause);
  // Whoever shows nothing is told of no error.
  const challenge = `Bearer realm="external-api"${code === undefined ? '' : `, error="${code}"`}`;
  return new HttpError(status, name, detail, { 'www-authenticate': challenge });
}
