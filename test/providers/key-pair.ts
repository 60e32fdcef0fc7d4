import { createHash, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';

/** What a server has of a client that signs its own tokens. */
export interface KnownKey {
  subject: string;
  publicKey: KeyObject;
}

export function createKeyPair(): { publicKey: KeyObject; pem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { publicKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Why a server does not accept the token (RFC 7519, RS256, the claims of Snowflake's key pairs); null: it does. */
export function tokenProblem(authorization: string | undefined, { subject, publicKey }: KnownKey, now: number) {
  const [, head = '', claims = '', signature = ''] =
    /^Bearer ([^.]+)\.([^.]+)\.([^.]+)$/.exec(authorization ?? '') ?? [];
  const read = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>;
  if (read(head)['alg'] !== 'RS256') return 'no token of a key pair';
  const text = Buffer.from(`${head}.${claims}`);
  if (!verify('sha256', text, publicKey, Buffer.from(signature, 'base64url'))) return 'wrong signature';
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const issuer = `${subject}.SHA256:${createHash('sha256').update(der).digest('base64')}`;
  const { iss, sub, iat, exp } = read(claims) as { iss: string; sub: string; iat: number; exp: number };
  if (iss !== issuer || sub !== subject) return `unknown issuer ${iss}`;
  if (iat * 1000 > now + 1_000 || exp * 1000 <= now) return 'not its time';
  return exp - iat > 3600 ? 'longer than an hour' : null;
}
