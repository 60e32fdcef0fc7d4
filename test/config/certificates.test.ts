import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';

const REQUIRED = {
  EXTERNAL_API_BASE_URL: 'https://api.example.com',
  EXTERNAL_API_KEY: 'key',
  EXTERNAL_OAUTH_CLIENT_ID: 'client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'secret',
};
const ours = createSelfSignedCertificate('worker.example');
const other = createSelfSignedCertificate('other.example');
const CERT = 'EXTERNAL_API_CLIENT_CERT';
const KEY = 'EXTERNAL_API_CLIENT_KEY';

const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function problemsOf(changes: NodeJS.ProcessEnv): [variable: string, problem: string][] {
  try {
    loadWorkerConfig({ ...REQUIRED, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => [variable, problem]);
    throw error;
  }
  return [];
}

test('[M8][M17] certificates and key are text, or files, which are remembered', () => {
  const { tls } = loadWorkerConfig({
    ...REQUIRED,
    [CERT]: ours.cert,
    [KEY]: ours.key,
    EXTERNAL_API_CA: other.cert,
  }).provider;
  expect(tls).toEqual({ ca: other.cert, ...ours, files: {} });
  const files = { ca: file('ca', other.cert + ours.cert), cert: file('cert', ours.cert), key: file('key', ours.key) };
  const { provider } = loadWorkerConfig({
    ...REQUIRED,
    [`${CERT}_FILE`]: files.cert,
    [`${KEY}_FILE`]: files.key,
    EXTERNAL_API_CA_FILE: files.ca,
  });
  expect(provider.tls.files).toEqual(files);
  expect(provider.tls.key?.trim()).toBe(ours.key.trim());
});

const encrypted = execFileSync('openssl', ['pkcs8', '-topk8', '-passout', 'pass:canary'], {
  input: ours.key,
  encoding: 'utf8',
  stdio: 'pipe',
});

test.each<[what: string, changes: NodeJS.ProcessEnv, variable: string, problem: RegExp]>([
  ['a certificate that is none', { [CERT]: 'canary', [KEY]: ours.key }, CERT, /^must be one or more certificates/],
  ['a key instead of a certificate', { [CERT]: ours.key, [KEY]: ours.key }, CERT, /^must be one or more certificates/],
  [
    'one bad among good',
    { EXTERNAL_API_CA: ours.cert + ours.cert.replace(/MII/, 'AAA') },
    'EXTERNAL_API_CA',
    /^must be one or more/,
  ],
  ['a key that is none', { [CERT]: ours.cert, [KEY]: 'canary' }, KEY, /^must be a private key/],
  ['a certificate instead of a key', { [CERT]: ours.cert, [KEY]: ours.cert }, KEY, /^must be a private key/],
  ['a key with a passphrase', { [CERT]: ours.cert, [KEY]: encrypted }, KEY, /without a passphrase$/],
  [
    'the key of another certificate',
    { [CERT]: ours.cert, [KEY]: other.key },
    KEY,
    /^must be the private key of the first/,
  ],
  ['a certificate without its key', { [CERT]: ours.cert }, KEY, /^must be the private key of the first/],
  ['a key without its certificate', { [KEY]: ours.key }, CERT, /^is required with EXTERNAL_API_CLIENT_KEY/],
])('[M8][M17][N7] %s is refused by name, and not repeated', (_what, changes, variable, problem) => {
  expect(problemsOf(changes)).toEqual([[variable, expect.stringMatching(problem)]]);
  expect(JSON.stringify(problemsOf(changes))).not.toMatch(/canary|BEGIN/);
});

test('[M8][N8] a proxy may have credentials, and its URL may be a file', () => {
  const url = 'https://us%40er:p%2Fw@[::1]:3128';
  for (const env of [{ EXTERNAL_API_PROXY_URL: url }, { EXTERNAL_API_PROXY_URL_FILE: file('proxy', `${url}\n`) }]) {
    expect(loadWorkerConfig({ ...REQUIRED, ...env }).provider.proxy).toEqual(new URL(url));
  }
});
