import type { IncomingMessage } from 'node:http';
import { type Answer, json, mediaType } from './answer.ts';
import { now } from './clock.ts';
import type { Effect } from './exchange.ts';
import type { LedgerEntry } from './ledger.ts';
import type { State } from './state.ts';

/** `POST /oauth/token`: the client credentials grant, RFC 6749, section 4.4. */
export function tokenEffect(state: State, entry: LedgerEntry, req: IncomingMessage, body: Buffer): Effect {
  const refusal = refusalOf(state, req, body);
  return () => {
    if (refusal) return refusal;
    entry.executed = true;
    const { tokenLifetimeS, tokenAnswer } = state.settings;
    const answer: Record<string, unknown> = {
      access_token: state.tokens.issue(now(), tokenLifetimeS),
      token_type: 'Bearer',
      expires_in: tokenLifetimeS,
      ...tokenAnswer,
    };
    const present = Object.entries(answer).filter(([, value]) => value !== null);
    return json(200, Object.fromEntries(present), { 'cache-control': 'no-store' });
  };
}

/** The error answers of RFC 6749, section 5.2, or null when the client may have a token. */
function refusalOf(state: State, req: IncomingMessage, body: Buffer): Answer | null {
  if (mediaType(req) !== 'application/x-www-form-urlencoded') {
    return refuse(400, 'invalid_request', 'the content type must be application/x-www-form-urlencoded');
  }
  const form = new URLSearchParams(body.toString());
  const repeated = [...form.keys()].find((name, index, names) => names.indexOf(name) !== index);
  if (repeated !== undefined) return refuse(400, 'invalid_request', 'a parameter is given more than once');

  const grantType = form.get('grant_type');
  if (grantType === null) return refuse(400, 'invalid_request', 'grant_type is missing');

  const authorization = req.headers.authorization;
  if (authorization !== undefined && form.has('client_secret')) {
    return refuse(400, 'invalid_request', 'the client authenticates in two ways: use one of header and body');
  }
  const client = authorization === undefined ? formClient(form) : basicClient(authorization);
  if (client?.id !== state.credentials.clientId || client.secret !== state.credentials.clientSecret) {
    return refuse(401, 'invalid_client', 'unknown client, or wrong or missing client secret');
  }
  if (grantType !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 'the only grant_type is client_credentials');
  }
  return null;
}

function refuse(status: 400 | 401, error: string, error_description: string): Answer {
  const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="data-processing API"' } : {};
  return json(status, { error, error_description }, { 'cache-control': 'no-store', ...challenge });
}

interface Client {
  id: string | null;
  secret: string | null;
}

function formClient(form: URLSearchParams): Client {
  return { id: form.get('client_id'), secret: form.get('client_secret') };
}

/** RFC 6749, section 2.3.1: each part is form-urlencoded before base64. Null when it is anything else. */
function basicClient(authorization: string): Client | null {
  const encoded = /^basic +([a-z0-9+/=]+)$/i.exec(authorization)?.[1] ?? '';
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) return null;
  try {
    return { id: formDecode(id), secret: formDecode(secret) };
  } catch {
    return null;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
