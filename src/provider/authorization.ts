import type { CredentialHeader } from '../profile/build-call.ts';
import { credentialsIn, headersOf } from '../profile/credentials.ts';
import type { Profile } from '../profile/schema.ts';

/** The values of a profile's credentials, by their names in it. */
export type Credentials = Readonly<Record<string, string>>;

/** How the access token is called in a profile that has OAuth2. */
const TOKEN = 'token';

/** What may stand in a header: no blanks at its ends, which a server would take away. */
export const FIT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** @throws TypeError naming a credential that is missing, or that cannot be sent in a header */
export function checkCredentials(profile: Profile, credentials: Credentials): void {
  const { name, oauth2 } = profile;
  const named = headersOf(profile).flatMap(credentialsIn);
  for (const credential of named.filter((one) => one !== TOKEN || oauth2 === undefined)) {
    const value = credentials[credential];
    if (value === undefined) throw new TypeError(`The credential ${credential} of the profile ${name} is missing`);
    if (FIT.test(value)) continue;
    throw new TypeError(`${credential} cannot be sent in a header: expected visible ASCII characters`);
  }
  for (const client of oauth2 === undefined ? [] : [oauth2.clientId, oauth2.clientSecret]) {
    if (!credentials[client]) throw new TypeError(`The credential ${client} of the profile ${name} is missing`);
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

/** The credentials that headers have as user and password. */
export function basicPairs(profile: Profile): (readonly [user: string, password: string])[] {
  return headersOf(profile).flatMap((header) =>
    typeof header === 'object' && 'basic' in header ? [header.basic] : [],
  );
}

/** All that no message may show of what the configuration has. */
export function secretsOf(profile: Profile, credentials: Credentials): string[] {
  const pairs = basicPairs(profile).map(([user, password]) =>
    basic(credentials[user] ?? '', credentials[password] ?? ''),
  );
  return [...Object.values(credentials), ...pairs];
}

/** The longest first, because one may stand in another. */
export function longestFirst(secrets: readonly string[]): string[] {
  return secrets.filter((secret) => secret !== '').toSorted((one, other) => other.length - one.length);
}

/** RFC 7617, section 2. */
export function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
