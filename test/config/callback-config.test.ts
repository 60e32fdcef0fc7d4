import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { problemsOf, REQUIRED } from './good-variables.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const KEYS = { EXTERNAL_API_CALLBACK_KEYS: `k1:${KEY}` };
const LINKS = { ...KEYS, PUBLIC_BASE_URL: 'https://jobs.example.com/prefix/' };
const SIGNED = { EXTERNAL_API_PROVIDER: 'replicate' };
const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'callback-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
const both = { worker: loadWorkerConfig, gateway: loadGatewayConfig };

test('[N4][M8] a worker makes links with keys and a public URL, of which the last slash does not count; without them none', () => {
  expect(loadWorkerConfig({ ...REQUIRED, ...LINKS }).callbacks).toEqual({
    keys: [{ id: 'k1', secret: Buffer.alloc(32, 7) }],
    baseUrl: 'https://jobs.example.com/prefix',
  });
  expect(loadWorkerConfig({ ...REQUIRED, ...KEYS }).callbacks).toMatchObject({ baseUrl: null });
  expect(loadWorkerConfig(REQUIRED).callbacks).toBeNull();
});

test.each(Object.entries(both))(
  '[M8][N7] %s: a public URL without keys, and one that is not https, are refused by name',
  (_process, load) => {
    const refused = (env: NodeJS.ProcessEnv) => problemsOf(env, load).map(({ variable }) => variable);
    expect(refused({ PUBLIC_BASE_URL: 'https://jobs.example.com' })).toEqual(['EXTERNAL_API_CALLBACK_KEYS']);
    for (const url of [
      'http://jobs.example.com',
      'ftp://127.0.0.1',
      'https://a:b@c.example',
      'https://c.example?x',
      'c.example',
    ]) {
      expect([url, ...refused({ ...KEYS, PUBLIC_BASE_URL: url })]).toEqual([url, 'PUBLIC_BASE_URL']);
    }
    expect(refused({ ...KEYS, PUBLIC_BASE_URL: 'http://127.0.0.1:8080' })).toEqual([]);
  },
);

test('[N4] the gateway knows where the id stands, and, where the profile asks by path, that it is not to be used', () => {
  expect(loadGatewayConfig(KEYS).callbacks).toMatchObject({
    provider: 'data-processing-v2.1',
    idAt: '/request_id',
    signature: null,
  });
  const byPath = join(folder, 'by-path.yaml');
  writeFileSync(
    byPath,
    `name: by-path
baseUrl: https://api.example.com
reply: { location: $response.header.location, phase: [{ at: /status, waiting: working, completed: done }], result: '' }
submit: { call: POST /jobs, body: { /hook: { from: callbackUrl } } }
poll: { call: 'GET {+location}' }
callback: { id: /id }`,
  );
  expect(loadGatewayConfig({ ...KEYS, EXTERNAL_API_PROVIDER: byPath }).callbacks).toMatchObject({ idAt: null });
  expect(loadGatewayConfig({}).callbacks).toBeNull();
  // Its provider says nothing that is understood.
  expect(loadGatewayConfig({ ...KEYS, EXTERNAL_API_PROVIDER: 'brightdata' }).callbacks).toBeNull();
});

test('[N4][N7][M8] a gateway whose provider signs does not start without the secret, whose variable it names, and never its value', () => {
  const problems = (secret: string | undefined) =>
    problemsOf({ ...KEYS, ...SIGNED, EXTERNAL_WEBHOOK_SECRET: secret }, loadGatewayConfig);
  expect(problems(undefined)).toMatchObject([{ variable: 'EXTERNAL_WEBHOOK_SECRET' }]);
  for (const bad of ['canary!', 'whsec_', 'whsec_canary', `whsec_${Buffer.alloc(15).toString('base64')}`]) {
    expect(problems(bad)).toMatchObject([{ variable: 'EXTERNAL_WEBHOOK_SECRET' }]);
    expect(JSON.stringify(problems(bad))).not.toContain('canary');
  }
  expect(loadGatewayConfig({ ...KEYS, ...SIGNED, EXTERNAL_WEBHOOK_SECRET: SECRET }).callbacks?.signature).toEqual({
    scheme: 'standard-webhooks',
    secret: SECRET,
  });
  // Who takes no callbacks needs none.
  expect(problemsOf(SIGNED, loadGatewayConfig)).toEqual([]);
});
