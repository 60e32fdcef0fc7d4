import type { CallbackLink } from '../contract/activities.ts';
import type { Profile } from '../profile/schema.ts';
import { usesOf } from '../profile/sources.ts';
import { mintToken, type CallbackKeys } from './link.ts';

export interface CallbackConfig {
  readonly keys: CallbackKeys;
  /** Without a slash at its end; null: no new request gets a link. */
  readonly baseUrl: string | null;
}

/** The links of one worker. */
export interface CallbackLinks {
  /** What a new request gets its link with; null: it gets none. */
  readonly chosen: CallbackLink | null;
  /** The same for all submits of a request; null: its key is not there, so that nobody would verify it. */
  urlOf(link: CallbackLink, requestId: string): string | null;
}

/** Only a provider that takes a URL, and whose callbacks are understood, gets one. */
export function createLinks(profile: Profile, config: CallbackConfig | null): CallbackLinks {
  const takesUrl = usesOf(profile, 'submit').some(({ source }) => source === 'callbackUrl');
  const { keys, baseUrl } = config ?? { keys: [], baseUrl: null };
  const [first] = keys;
  const isUsed = baseUrl !== null && first !== undefined && takesUrl && profile.callback !== undefined;
  return {
    chosen: isUsed ? { keyId: first.id, baseUrl } : null,
    urlOf(link, requestId) {
      const key = keys.find(({ id }) => id === link.keyId);
      if (key === undefined) return null;
      return `${link.baseUrl}/callbacks/${mintToken(key, { provider: profile.name, requestId })}`;
    },
  };
}
