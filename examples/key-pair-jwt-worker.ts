/**
 * A worker for a provider that takes tokens which its clients sign themselves, with the private key of a key pair: here those
 * of Snowflake. One token serves all calls until a minute before it expires.
 *
 *   EXTERNAL_API_PROVIDER=examples/snowflake-key-pair.yaml EXTERNAL_API_BASE_URL=https://<account>.snowflakecomputing.com \
 *   SNOWFLAKE_ACCOUNT=… SNOWFLAKE_USER=… SNOWFLAKE_PRIVATE_KEY_FILE=rsa_key.p8 node dist/examples/key-pair-jwt-worker.js
 */
import { createHash, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { composeWorker, loadWorkerConfig, type SignRequest } from 'durable-external-api/worker';

const { SNOWFLAKE_ACCOUNT = '', SNOWFLAKE_USER = '', SNOWFLAKE_PRIVATE_KEY_FILE = '' } = process.env;
const privateKey = createPrivateKey(readFileSync(SNOWFLAKE_PRIVATE_KEY_FILE));
const subject = `${SNOWFLAKE_ACCOUNT}.${SNOWFLAKE_USER}`.toUpperCase();
const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
const issuer = `${subject}.SHA256:${createHash('sha256').update(publicKey).digest('base64')}`;

const LIFETIME_S = 3600;
const RENEW_BEFORE_S = 60;

/** RFC 7519, signed with RS256. */
function createToken(issuedAt: number, expiresAt: number): string {
  const claims = { iss: issuer, sub: subject, iat: issuedAt, exp: expiresAt };
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)));
  const text = parts.map((part) => part.toString('base64url')).join('.');
  return `${text}.${signBytes('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
}

let token = { text: '', expiresAt: 0 };

const sign: SignRequest = () => {
  const now = Math.floor(Date.now() / 1000);
  if (now >= token.expiresAt - RENEW_BEFORE_S) {
    const expiresAt = now + LIFETIME_S;
    token = { text: createToken(now, expiresAt), expiresAt };
  }
  return { Authorization: `Bearer ${token.text}` };
};

await composeWorker({ config: loadWorkerConfig(), sign }).run();
