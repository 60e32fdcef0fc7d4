import type { ProviderClientOptions } from './provider-client.ts';
import { createTokenRequest } from './token-request.ts';
import { TokenSource } from './token-source.ts';
import type { WaysOut } from './ways-out.ts';

/** The access tokens of a provider; null: its profile has no OAuth2. */
export function createTokens(
  { profile, credentials, clientAuth, clientSecretFile = null, sharedTokens, observer }: ProviderClientOptions,
  tokenUrl: URL | null,
  ways: WaysOut,
): TokenSource | null {
  const { oauth2 } = profile;
  if (oauth2 === undefined || tokenUrl === null) return null;
  const fetchToken = createTokenRequest({
    oauth: {
      clientId: credentials[oauth2.clientId] ?? '',
      clientSecret: credentials[oauth2.clientSecret] ?? '',
      clientAuth: clientAuth ?? oauth2.clientAuth,
      clientSecretFile,
      params: oauth2.params,
    },
    makeCall: ways.to(tokenUrl.origin),
    tokenUrl,
    template: oauth2.url.startsWith('/') ? oauth2.url : tokenUrl.pathname,
  });
  return new TokenSource({ fetchToken, shared: sharedTokens, onRefreshed: observer.tokenRefreshed.bind(observer) });
}
