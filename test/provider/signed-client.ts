import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { loadProfile } from '../../src/profile/load-profile.ts';
import type { ProviderClientOptions } from '../../src/provider/provider-client.ts';
import type { SignRequest } from '../../src/provider/signature.ts';
import { reply, type ArrivedCall } from '../helpers/raw-server.ts';
import { clientFor, type ClientUnderTest } from './client-under-test.ts';

const SIGNED = loadProfile(fileURLToPath(new URL('signed.yaml', import.meta.url)));

/** Of a provider whose only credential is the hook. */
export function signedClient(
  url: string,
  sign: SignRequest,
  options: Partial<ProviderClientOptions> = {},
): ClientUnderTest {
  return clientFor(url, { profile: SIGNED, credentials: {}, sign, ...options });
}

export function taken(_call: ArrivedCall, res: ServerResponse): void {
  reply(res, 202, { id: 'job-1' });
}
