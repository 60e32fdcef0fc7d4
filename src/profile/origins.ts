import { isProviderRequestId } from '../contract/names.ts';
import type { Profile } from './schema.ts';

/**
 * Where a URL of a reply may lead. It is looked at when it is received and again when it is used: between the two it was in
 * somebody's hands. Credentials go to the origin of the base URL, and no list widens that.
 */

/** Absolute, or a path of the same origin. What a URL parser would mend is no URL here: others mend it otherwise. */
const WELL_FORMED = /^(?:https?:\/\/[^/?@]+(?:[/?].*)?|\/(?!\/).*)$/i;
const UNFIT = /[^\x21-\x7e]|[\\#]/;
const UNUSABLE = {
  problem: 'is not an http or https URL without user and fragment, or a path; and no path begins with //',
};
/** A handle is kept, and asked for later: what cannot be then is told now, while the answer to the submit is there. */
const UNKEPT = { problem: 'has more than 1000 characters, or a part . or .. in its query' };

/** `problem` is the end of a sentence that begins with what the URL is; it names an origin, and no path or query. */
export type Checked<T> = T | { problem: string };

/** The path before every path of the profile: '', or `/v1`. */
export function pathPrefix({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}

/** A URL of the provider's own origin, as its path and query there: it follows the base URL when that changes. */
export function ownPath(profile: Profile, base: URL, text: string): Checked<{ path: string }> {
  const url = wellFormed(text, base);
  if (url === null) return UNUSABLE;
  const path = pathAt(profile, base, url);
  if (path === null && url.origin === base.origin) return UNUSABLE;
  if (path === null) return { problem: `leads to ${url.origin}, and only ${base.origin} gets credentials` };
  if (!isProviderRequestId(path)) return UNKEPT;
  return { path };
}

/** Where a result is, and whether our credentials go there. */
export function resultTarget(profile: Profile, base: URL, text: string): Checked<{ url: URL; credentials: boolean }> {
  const url = wellFormed(text, base);
  if (url === null) return UNUSABLE;
  const path = pathAt(profile, base, url);
  if (path !== null) return { url: new URL(base.origin + path), credentials: true };
  if (url.origin === base.origin) return UNUSABLE;
  const origins = profile.result?.origins ?? [];
  if (origins.some((origin) => isOf(origin, url))) return { url, credentials: false };
  const allowed = [base.origin, ...origins].join(', ');
  return { problem: `leads to ${url.origin}, and a result is fetched from ${allowed} only` };
}

function wellFormed(text: string, base: URL): URL | null {
  const isWellFormed = !UNFIT.test(text) && WELL_FORMED.test(text) && URL.canParse(text, base.origin);
  return isWellFormed ? new URL(text, base.origin) : null;
}

/**
 * The path and query under the origin of the base URL; null: it leads elsewhere. Behind a gateway the provider still names
 * itself: what lies under the profile's own base URL lies under the configured one.
 */
function pathAt(profile: Profile, base: URL, url: URL): string | null {
  const path = url.origin === base.origin ? url.pathname : movedPath(profile, base, url);
  // It would be another origin to whoever reads it as a reference.
  return path === null || path.startsWith('//') ? null : path + url.search;
}

function movedPath({ baseUrl }: Profile, base: URL, url: URL): string | null {
  const own = baseUrl === undefined ? base : new URL(baseUrl);
  const prefix = `${pathPrefix(own)}/`;
  const isOwn = url.origin === own.origin && url.pathname.startsWith(prefix);
  return isOwn ? `${pathPrefix(base)}/${url.pathname.slice(prefix.length)}` : null;
}

/** https and the default port; no entry is an address. Where its name leads to is looked at when it is connected to. */
function isOf(origin: string, url: URL): boolean {
  if (url.protocol !== 'https:' || url.port !== '') return false;
  const [, suffix] = /^https:\/\/\*(\..+)$/.exec(origin) ?? [];
  return suffix === undefined ? url.origin === origin : url.hostname.endsWith(suffix);
}
