import { Pool } from 'undici';
import type { ProviderAccess } from '../credentials.ts';
import { MAX_CONNECTIONS } from '../work.ts';
import type { Caller, CallerEnvironment } from './caller.ts';

export interface Submit {
  data: unknown;
  async: boolean;
  idempotencyKey: string;
}

export interface PlainProvider {
  authenticate(): Promise<void>;
  process(submit: Submit): Promise<{ request_id: string }>;
  status(providerRequestId: string): Promise<unknown>;
}

type Headers = Record<string, string>;

/** The provider's contract over plain undici: no check, no retry, no timeout of its own, one token for ever. */
export function createUndiciProvider({ url, apiKey, clientId, clientSecret }: ProviderAccess): PlainProvider {
  const pool = new Pool(url, { connections: MAX_CONNECTIONS, pipelining: 1 });
  let token: Promise<string> | null = null;

  async function send(method: 'GET' | 'POST', path: string, headers: Headers, body: string | null): Promise<unknown> {
    const reply = await pool.request({ method, path, headers, body });
    const json = await reply.body.json();
    if (reply.statusCode >= 300) throw new Error(`${method} ${path} answered ${reply.statusCode}`);
    return json;
  }

  async function fetchToken(): Promise<string> {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await send('POST', '/oauth/token', headers, new URLSearchParams(form).toString());
    return (reply as { access_token: string }).access_token;
  }

  const credentials = async (): Promise<Headers> => ({
    authorization: `Bearer ${await (token ??= fetchToken())}`,
    'x-api-key': apiKey,
    accept: 'application/json',
  });

  return {
    async authenticate() {
      await credentials();
    },
    async process({ data, async, idempotencyKey }) {
      const headers = {
        ...(await credentials()),
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey,
      };
      const reply = await send('POST', '/process', headers, JSON.stringify({ data, options: { async } }));
      return reply as { request_id: string };
    },
    async status(providerRequestId) {
      return await send('GET', `/status/${providerRequestId}`, await credentials(), null);
    },
  };
}

export function createUndiciCaller({ provider }: CallerEnvironment): Caller {
  const undici = createUndiciProvider(provider);
  return async ({ id, data, polled }) => {
    const { request_id } = await undici.process({ data, async: polled, idempotencyKey: id });
    if (polled) await undici.status(request_id);
    return {};
  };
}
