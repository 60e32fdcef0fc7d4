import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a server knows of a call that is signed with AWS Signature Version 4. */
export interface SignedCall {
  method: string;
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface SigningKey {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  service: string;
}

const MUST_BE_SIGNED = /^(?:host|x-amz-.*)$/;
const MAX_SKEW_MS = 5 * 60_000;

/**
 * Why a server does not accept the signature; null: it does. Written from "Signature Version 4 signing process" of AWS, and not
 * from a signer, for paths and queries that need no normalizing.
 */
export function sigV4Problem(call: SignedCall, key: SigningKey, now: number): string | null {
  const { authorization, 'x-amz-date': date } = call.headers;
  const given = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    String(authorization),
  );
  if (given === null || typeof date !== 'string') return 'no signature';
  const [, credential = '', signedHeaders = '', signature = ''] = given;
  const scope = [date.slice(0, 8), key.region, key.service, 'aws4_request'];
  if (credential !== [key.accessKeyId, ...scope].join('/')) return `unknown credential ${credential}`;
  const at = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(at - now) <= MAX_SKEW_MS)) return `signature expired: ${date}`;
  const signed = signedHeaders.split(';');
  const open = Object.keys(call.headers).filter((name) => MUST_BE_SIGNED.test(name) && !signed.includes(name));
  if (open.length > 0) return `not signed: ${open.join()}`;

  const [path = '', query = ''] = call.path.split('?');
  const canonical = [
    call.method,
    path,
    query.split('&').toSorted().join('&'),
    ...signed.map((name) => `${name}:${String(call.headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signedHeaders,
    sha256(call.body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n');
  const signingKey = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${key.secretAccessKey}`);
  return timingSafeEqual(hmac(signingKey, text), Buffer.from(signature, 'hex')) ? null : 'wrong signature';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
