import { request } from 'node:http';
import type { Socket } from 'node:net';

/** No way through the proxy: nothing was sent. Its message is whole, and holds no secret. */
export class ProxyError extends Error {}

/** What a person is to do about a status that a proxy answers to CONNECT with. */
const ADVICE: Readonly<Record<number, string>> = {
  403: 'have it allowed there',
  405: 'have CONNECT allowed there',
  407: 'check the user and the password in EXTERNAL_API_PROXY_URL',
};

/**
 * Asks a proxy, on a connection to it, for a connection to `authority` (RFC 9110, section 9.3.6), which then is `socket`.
 * @param proxy its URL, of which a message never repeats the credentials
 * @throws ProxyError when it refuses; what Node.js says when it does not answer as a proxy does
 */
export function tunnelThrough(proxy: URL, socket: Socket, authority: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    request({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      createConnection: () => socket,
      signal,
    })
      .on('connect', ({ statusCode = 0 }, tunnel: Socket, head) => {
        if (statusCode >= 200 && statusCode < 300) {
          if (head.length > 0) tunnel.unshift(head);
          resolve(tunnel);
          return;
        }
        tunnel.destroy();
        const advice = ADVICE[statusCode] ?? 'its log should say why';
        reject(
          new ProxyError(
            `The proxy ${proxy.origin} does not connect to ${authority} (${statusCode}): ${advice}. Nothing was sent`,
          ),
        );
      })
      .on('error', reject)
      .end();
  });
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
