import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';
import type { TokenRules } from '../../src/contract/callers.ts';

export const ISSUER = 'https://login.example.com/';
export const AUDIENCE = 'https://gateway.example.com';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** Who signs tokens: a server with its public keys, and its private ones. */
export interface Issuer {
  rules: TokenRules;
  /** How often its keys were asked for. */
  asked: number;
  /** Instead of its keys. */
  answer: ((response: ServerResponse) => void) | null;
  /** Publishes a new key, under that name, or takes it out. */
  add(kid: string, alg?: string): Promise<KeyPair>;
  remove(kid: string): void;
  /** A token that is good, but for `claims` (undefined leaves one out) and the members of its header. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Ends the server, or starts it again where it was. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  const published = new Map<string, object>();
  const pairs = new Map<string, KeyPair>();
  const server = createServer((_, response) => {
    issuer.asked += 1;
    if (issuer.answer !== null) return issuer.answer(response);
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: [...published.values()] }));
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const port = await listen(0);
  onTestFinished(stop);
  const issuer: Issuer = {
    rules: {
      issuer: ISSUER,
      audience: AUDIENCE,
      jwksUrl: `http://127.0.0.1:${port}/keys.json`,
      tenantClaim: 'tenant',
      clockSkewMs: 30_000,
    },
    asked: 0,
    answer: null,
    async add(kid, alg = 'ES256') {
      const pair = await generateKeyPair(alg, { extractable: true });
      pairs.set(kid, pair);
      published.set(kid, { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' });
      return pair;
    },
    remove: (kid) => void published.delete(kid),
    async token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: ISSUER, aud: AUDIENCE, exp: now + 3_600, tenant: 'acme', ...claims };
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JWTPayload;
      const { kid = 'first', alg = 'ES256' } = header as { kid?: string; alg?: string };
      const pair = pairs.get(kid) ?? pairs.get('first');
      if (pair === undefined) throw new Error('no key');
      return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(pair.privateKey);
    },
    stop,
    start: async () => void (await listen(port)),
  };
  await issuer.add('first');
  return issuer;
}
