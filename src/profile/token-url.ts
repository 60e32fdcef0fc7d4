import { pathPrefix } from './origins.ts';
import type { Profile } from './schema.ts';

/** Where an access token is asked for: the one place that gets client id and secret. Null: the profile has no OAuth2. */
export function tokenUrlOf({ oauth2 }: Profile, base: URL): URL | null {
  if (oauth2 === undefined) return null;
  return new URL(oauth2.url.startsWith('/') ? base.origin + pathPrefix(base) + oauth2.url : oauth2.url);
}
