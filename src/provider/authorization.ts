import type { CredentialHeader } from '../profile/build-call.ts';
import { credentialsIn } from '../profile/credentials.ts';
import type { Profile } from '../profile/schema.ts';

/** The values of a profile's credentials, by their names in it. */
export type Credentials = Readonly<Record<string, string>>;

/** How the access token is called in a profile that has OAuth2. */
const TOKEN = 'token';

/** What may stand in a header: no blanks at its ends, which a server would take away. */
const FIT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** @throws TypeError naming a credential that is missing, or that cannot be sent in a header */
export function checkCredentials({ name, headers, oauth2, ...steps }: Profile, credentials: Credentials): void {
  const inHeaders = [headers, steps.submit.headers, steps.poll.headers, steps.cancel?.headers, steps.lookup?.headers];
  const named = inHeaders.flatMap((some) => Object.values(some ?? {}).flatMap(credentialsIn));
  for (const credential of named.filter((one) => one !== TOKEN || oauth2 === undefined)) {
    const value = credentials[credential];
    if (value === undefined) throw new TypeError(`The credential ${credential} of the profile ${name} is missing`);
    if (FIT.test(value)) continue;
    throw new TypeError(`${credential} cannot be sent in a header: expected visible ASCII characters`);
  }
}

/** The value of a header with credentials. @param accessToken null: the profile has no OAuth2 */
export function authorizer(credentials: Credentials, accessToken: string | null) {
  const valueOf = (name: string): string => (name === TOKEN && accessToken) || (credentials[name] ?? '');
  return (header: CredentialHeader): string => {
    if ('basic' in header) return `Basic ${basic(valueOf(header.basic[0]), valueOf(header.basic[1]))}`;
    const value = valueOf(header.credential);
    return header.scheme === undefined ? value : `${header.scheme} ${value}`;
  };
}

/** All that no message may show: the longest first, because one may stand in another. */
export function secretsOf(
  { headers, submit }: Profile,
  credentials: Credentials,
  accessToken: string | null,
): string[] {
  const pairs = [headers, submit.headers ?? {}]
    .flatMap((some) => Object.values(some))
    .flatMap((header) => (typeof header === 'object' && 'basic' in header ? [header.basic] : []));
  const encoded = pairs.map(([user, password]) => basic(credentials[user] ?? '', credentials[password] ?? ''));
  const all = [...Object.values(credentials), ...encoded, ...(accessToken === null ? [] : [accessToken])];
  return all.filter((secret) => secret !== '').toSorted((one, other) => other.length - one.length);
}

/** RFC 7617, section 2. */
function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
