import type { z } from 'zod';
import type { CallbackConfig } from '../callbacks/callback-links.ts';
import type { CallbackKeys } from '../callbacks/link.ts';
import type { CallbackReceiver } from '../callbacks/receiver.ts';
import { isLoopback } from '../contract/loopback.ts';
import { variablesOf } from '../profile/credentials.ts';
import { byLocation } from '../profile/consistency.ts';
import type { Profile } from '../profile/schema.ts';
import { bytesOf } from './base64.ts';
import { callbackKeys } from './callback-keys.ts';
import { readable } from './load.ts';
import { credentialsOf } from './provider-profile.ts';
import { baseUrl, credential } from './schemas.ts';

/** Links for providers: the workers make them, the gateway verifies them, and both have the same keys. */
export const CALLBACK_VARIABLES = {
  EXTERNAL_API_CALLBACK_KEYS: callbackKeys.optional(),
  PUBLIC_BASE_URL: baseUrl
    .refine(({ protocol, hostname }) => protocol === 'https:' || isLoopback(hostname), {
      message: 'must be https: whoever reads a link on its way can use it. Plain http is for this machine alone',
      abort: true,
    })
    .optional(),
};

interface CallbackValues {
  EXTERNAL_API_CALLBACK_KEYS?: CallbackKeys | undefined;
  PUBLIC_BASE_URL?: URL | undefined;
}

/** Keys alone are good: they verify the links that are out, and no new ones go. */
export const keysOfLinks: [(values: CallbackValues) => boolean, z.core.$ZodCustomParams] = [
  ({ EXTERNAL_API_CALLBACK_KEYS: keys, PUBLIC_BASE_URL: url }) => url === undefined || keys !== undefined,
  {
    path: ['EXTERNAL_API_CALLBACK_KEYS'],
    message: 'is required with PUBLIC_BASE_URL: id:key, the key as made by openssl rand -base64 32',
    when: readable('EXTERNAL_API_CALLBACK_KEYS', 'PUBLIC_BASE_URL'),
  },
];

/** What a worker makes links with; null: it makes none. */
export function linksIn({
  EXTERNAL_API_CALLBACK_KEYS: keys,
  PUBLIC_BASE_URL: url,
}: CallbackValues): CallbackConfig | null {
  if (keys === undefined) return null;
  return Object.freeze({ keys, baseUrl: url === undefined ? null : url.href.replace(/\/+$/, '') });
}

/** The variables, by name, that hold what the callbacks of a profile are signed with. */
export function secretsOfCallbacks(profile: Profile): Record<string, z.ZodType<string>> {
  const standard = profile.callback?.signature === 'standard-webhooks';
  return Object.fromEntries(
    variablesOf(profile).callbacks.map((name) => [name, standard ? standardSecret : credential]),
  );
}

const LEAST_BYTES = 16;

/** What is no Base64 would be read as a shorter key, or as none, with which anybody can sign. */
const standardSecret = credential.refine(
  (value) => (bytesOf(value.replace(/^whsec_/, ''))?.length ?? 0) >= LEAST_BYTES,
  `must be a secret of Standard Webhooks, whsec_ and at least ${LEAST_BYTES} bytes in Base64: the provider's console shows it`,
);

/** Null: no callbacks are taken, because there are no keys, or the provider sends none. */
export function receiverIn(
  profile: Profile,
  values: CallbackValues & Readonly<Record<string, unknown>>,
): CallbackReceiver | null {
  const { EXTERNAL_API_CALLBACK_KEYS: keys } = values;
  if (keys === undefined || profile.callback === undefined) return null;
  const { name: provider, callback } = profile;
  const { id, signature: scheme, credential: named = '' } = callback;
  const secret = credentialsOf(profile, values)[named];
  return Object.freeze({
    provider,
    keys,
    // What it is asked by is a path there, and a callback could name any.
    idAt: byLocation(profile.poll) ? null : id,
    signature: scheme === undefined || secret === undefined ? null : Object.freeze({ scheme, secret }),
  });
}
