import { Pool } from 'undici';
import { MAX_CONNECTIONS } from '../work.mjs';

/** The provider's contract over plain undici: no check, no retry, no timeout of its own, one token for ever. */
export function createUndiciProvider({ url, apiKey, clientId, clientSecret }) {
  const pool = new Pool(url, { connections: MAX_CONNECTIONS, pipelining: 1 });
  let token = null;

  async function send(method, path, headers, body) {
    const reply = await pool.request({ method, path, headers, body });
    const json = await reply.body.json();
    if (reply.statusCode >= 300) throw new Error(`${method} ${path} answered ${reply.statusCode}`);
    return json;
  }

  async function fetchToken() {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await send('POST', '/oauth/token', headers, `${new URLSearchParams(form)}`);
    return reply.access_token;
  }

  const credentials = async () => ({
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
      return await send('POST', '/process', headers, JSON.stringify({ data, options: { async } }));
    },
    async status(providerRequestId) {
      return await send('GET', `/status/${providerRequestId}`, await credentials(), null);
    },
  };
}

export function createUndiciCaller({ provider }) {
  const undici = createUndiciProvider(provider);
  return async ({ id, data, polled }) => {
    const { request_id } = await undici.process({ data, async: polled, idempotencyKey: id });
    if (polled) await undici.status(request_id);
  };
}
