import { readFile } from 'node:fs/promises';
import {
  allowInsecureRequests,
  clientCredentialsGrant,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
} from 'openid-client';
import { callError, isCallError, type CallError } from '../contract/errors.ts';
import type { CallContext, MakeCall } from './call.ts';
import { readTokenReply, type TokenReply } from './token-reply.ts';

export interface OAuthClient {
  clientId: string;
  clientSecret: string;
  /** Where the credentials go: in the form, or in a Basic header (RFC 6749, section 2.3.1). */
  clientAuth: 'body' | 'basic';
  /** Where the secret came from: read again when the provider does not accept it. Null: nowhere. */
  clientSecretFile?: string | null;
  /** What else the token is to be for. */
  params?: { scope?: string | undefined; audience?: string | undefined; resource?: string | undefined };
}

interface TokenRequestOptions {
  oauth: OAuthClient;
  makeCall: MakeCall;
  tokenUrl: URL;
  /** Its path, as the log names it. */
  template: string;
}

/**
 * Fetches one access token with the client credentials grant (RFC 6749, section 4.4). Credentials that the provider does not
 * accept are tried once more: they may have been changed in this moment.
 */
export function createTokenRequest({ oauth, makeCall, tokenUrl, template }: TokenRequestOptions) {
  const { clientId, clientAuth, clientSecretFile = null } = oauth;
  const params = new URLSearchParams(
    Object.entries(oauth.params ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const server = { issuer: tokenUrl.origin, token_endpoint: tokenUrl.href };
  let { clientSecret } = oauth;

  return async (context: CallContext): Promise<TokenReply> => {
    try {
      return await request(context);
    } catch (error) {
      if (!isCallError(error) || error.failure !== 'invalidClient') throw error;
      clientSecret = (await secretIn(clientSecretFile)) ?? clientSecret;
      return await request(context);
    }
  };

  async function request(context: CallContext): Promise<TokenReply> {
    const authentication = clientAuth === 'basic' ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
    const formEncoded = new URLSearchParams([['', clientSecret]]).toString().slice(1);
    const client = new Configuration(server, clientId, undefined, authentication);
    // Which schemes are acceptable is a matter of configuration, decided before.
    allowInsecureRequests(client);
    client.timeout = 0;
    let token: TokenReply | undefined;
    client[customFetch] = async (_url, { headers, body }) => {
      const secrets = [clientSecret, formEncoded, headers['authorization']?.replace('Basic ', '') ?? ''];
      token = await makeCall({
        operation: 'token',
        method: 'POST',
        template,
        path: tokenUrl.pathname + tokenUrl.search,
        headers: Object.entries(headers).flat(),
        body: body instanceof URLSearchParams ? body.toString() : null,
        context,
        read: (reply) => readTokenReply(reply, secrets),
      });
      return Response.json({ access_token: token.accessToken, token_type: 'bearer' });
    };
    try {
      await clientCredentialsGrant(client, params);
    } catch (error) {
      // openid-client wraps whatever its fetch throws.
      const cause = error instanceof Error ? error.cause : undefined;
      throw isCallError(cause) ? aboutToken(cause) : error;
    }
    if (token === undefined) throw new Error('openid-client made no token call');
    return token;
  }
}

/** Null when it cannot be read, or is empty: it may be half written. */
async function secretIn(file: string | null): Promise<string | null> {
  if (file === null) return null;
  const content = await readFile(file, 'utf8').catch(() => '');
  return content.replace(/\r?\n$/, '') || null;
}

function aboutToken(error: CallError): CallError {
  return callError(error.failure, `Could not get a token: ${error.message}`, error, error.cause);
}
