import type { z } from 'zod';
import { BUILT_IN_PROVIDER } from '../contract/names.ts';
import { variablesOf } from '../profile/credentials.ts';
import { loadProfile } from '../profile/load-profile.ts';
import { ProfileError } from '../profile/profile-error.ts';
import type { Profile } from '../profile/schema.ts';
import { ConfigError } from './config-error.ts';
import { credential, oauthCredential } from './schemas.ts';

/** The profile that EXTERNAL_API_PROVIDER names, or the built-in one. @throws ConfigError with every mistake in it */
export function profileIn({ EXTERNAL_API_PROVIDER: named }: NodeJS.ProcessEnv): Profile {
  try {
    return loadProfile(named || BUILT_IN_PROVIDER);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new ConfigError([
      { variable: 'EXTERNAL_API_PROVIDER', problem: `names no usable profile: ${error.message}` },
    ]);
  }
}

/** What that provider is called. @throws ConfigError */
export function providerNameIn(env: NodeJS.ProcessEnv): string {
  return env['EXTERNAL_API_PROVIDER'] ? profileIn(env).name : BUILT_IN_PROVIDER;
}

/** The variables that hold the credentials of a profile. */
export function credentialVariables(profile: Profile): Record<string, z.ZodType<string>> {
  const { calls } = variablesOf(profile);
  const ofOAuth = (name: string): boolean => name.startsWith('EXTERNAL_OAUTH');
  return Object.fromEntries(calls.map((name) => [name, ofOAuth(name) ? oauthCredential : credential]));
}

/** The values of a profile's credentials, by their names in it. */
export function credentialsOf(
  { credentials }: Profile,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const known = Object.entries(credentials).flatMap(([name, variable]) => {
    const value = values[variable];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.freeze(Object.fromEntries(known));
}

/** The path of the file that has the client secret; null: there is none. */
export function clientSecretFileIn(env: NodeJS.ProcessEnv, { oauth2, credentials }: Profile): string | null {
  const variable = oauth2 && credentials[oauth2.clientSecret];
  return (variable !== undefined && env[`${variable}_FILE`]) || null;
}
