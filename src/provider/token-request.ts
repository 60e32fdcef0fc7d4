import {
  allowInsecureRequests,
  clientCredentialsGrant,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
} from 'openid-client';
import { ExternalAPIError } from '../contract/errors.ts';
import type { CallContext, MakeCall } from './call.ts';
import { readTokenReply, type TokenReply } from './response-schemas.ts';

export interface OAuthClient {
  clientId: string;
  clientSecret: string;
  /** Where the credentials go: in the form, or in a Basic header (RFC 6749, section 2.3.1). */
  clientAuth: 'body' | 'basic';
}

interface TokenRequestOptions {
  oauth: OAuthClient;
  makeCall: MakeCall;
  tokenUrl: URL;
}

/** Fetches one access token with the client credentials grant (RFC 6749, section 4.4). */
export function createTokenRequest({ oauth, makeCall, tokenUrl }: TokenRequestOptions) {
  const { clientId, clientSecret, clientAuth } = oauth;
  const authentication = clientAuth === 'basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
  const formEncoded = new URLSearchParams([['', clientSecret]]).toString().slice(1);
  const server = { issuer: tokenUrl.origin, token_endpoint: tokenUrl.href };

  return async (context: CallContext): Promise<TokenReply> => {
    const client = new Configuration(server, clientId, undefined, authentication);
    // Which schemes are acceptable is a matter of configuration, decided before.
    allowInsecureRequests(client);
    client.timeout = 0;
    let token: TokenReply | undefined;
    client[customFetch] = async (_url, { headers, body }) => {
      token = await makeCall({
        operation: 'token',
        method: 'POST',
        path: tokenUrl.pathname,
        headers: Object.entries(headers).flat(),
        body: body instanceof URLSearchParams ? body.toString() : null,
        context,
        read: readTokenReply,
        secrets: [clientSecret, formEncoded, headers['authorization']?.replace('Basic ', '') ?? ''],
      });
      return Response.json({ access_token: token.accessToken, token_type: 'bearer' });
    };
    try {
      await clientCredentialsGrant(client);
    } catch (error) {
      // openid-client wraps whatever its fetch throws.
      throw error instanceof Error && error.cause instanceof ExternalAPIError ? error.cause : error;
    }
    if (token === undefined) throw new Error('openid-client made no token call');
    return token;
  };
}
