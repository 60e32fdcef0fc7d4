import { HttpError } from '../http-error.ts';

interface Row {
  status: number;
  /** The `error` member of the problem. */
  name: string;
  /** For the caller. */
  detail: string;
  /** RFC 6750, section 3.1. Null: whoever shows nothing is told of no error. */
  code: 'invalid_token' | 'insufficient_scope' | null;
}

const NAME = 'CallerAuthenticationError';

/** Why a caller is not let in; the log has the key of the row as its reason. */
export const REFUSALS = {
  'no key': {
    status: 401,
    name: NAME,
    detail: 'An API key is required: Authorization: Bearer <key>.',
    code: null,
  },
  'unknown key': { status: 401, name: NAME, detail: 'This API key is not known here.', code: 'invalid_token' },
  'expired key': {
    status: 401,
    name: NAME,
    detail: 'This API key has expired. Ask for a new one.',
    code: 'invalid_token',
  },
} as const satisfies Record<string, Row>;
export type Refusal = keyof typeof REFUSALS;

export function refusalOf(reason: Refusal): HttpError {
  const { status, name, detail, code }: Row = REFUSALS[reason];
  const challenge = ['Bearer realm="external-api"', ...(code === null ? [] : [`error="${code}"`])].join(', ');
  return new HttpError(status, name, detail, { 'www-authenticate': challenge });
}
