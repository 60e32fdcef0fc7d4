import type { HeaderValue, Profile } from './schema.ts';
import { STEPS } from './sources.ts';

/** The credentials that a header is made of. */
export function credentialsIn(value: HeaderValue): readonly string[] {
  if (typeof value === 'string' || 'from' in value) return [];
  return 'basic' in value ? value.basic : [value.credential];
}

/** The headers of all calls of a profile. */
export function headersOf(profile: Profile): HeaderValue[] {
  const own = STEPS.map((step) => profile[step]).flatMap((request) =>
    request !== undefined && 'headers' in request ? [request.headers ?? {}] : [],
  );
  return [profile.headers, ...own].flatMap((some) => Object.values(some));
}

/** The variables that hold secrets, each once: what calls need, and what callbacks are checked with. */
export function variablesOf(profile: Profile): { calls: string[]; callbacks: string[] } {
  const { credentials, oauth2, callback } = profile;
  const used = [
    ...headersOf(profile).flatMap(credentialsIn),
    ...(oauth2 === undefined ? [] : [oauth2.clientId, oauth2.clientSecret]),
  ];
  const variables = (names: readonly string[]): string[] => {
    // The access token is nobody's variable.
    const held = names.flatMap((name) => (Object.hasOwn(credentials, name) ? [credentials[name] ?? ''] : []));
    return [...new Set(held)].toSorted();
  };
  return {
    calls: variables(used),
    callbacks: variables(callback?.credential === undefined ? [] : [callback.credential]),
  };
}
