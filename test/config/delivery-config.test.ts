import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadClientConfig } from '../../src/config/client-config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadDeliveryConfig } from '../../src/config/delivery-config.ts';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { REQUIRED } from './good-variables.ts';

const secretOf = (byte: number, length = 32): string => `whsec_${Buffer.alloc(length, byte).toString('base64')}`;

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
  return [];
}

test('[N16][M8] several tenants have secrets, and one of them two, by which both sign', () => {
  const { deliveries } = loadDeliveryConfig({
    DELIVERY_SECRETS: `acme:${secretOf(1)}, acme:${secretOf(2)}\nbeta:${secretOf(3, 24)},`,
  });
  expect(deliveries.secretsOf('acme')).toEqual([secretOf(1), secretOf(2)]);
  expect(deliveries.secretsOf('beta')).toEqual([secretOf(3, 24)]);
  expect(deliveries.secretsOf('gamma')).toEqual([]);
  expect(deliveries.targets).toEqual({ ports: [443], hosts: null, loopback: false });
});

test.each([
  ['no colon', 'acme', /entry 2 must be tenant:whsec_/],
  ['no prefix', `acme:${secretOf(7).slice(6)}`, /entry 2 has no whsec_ and Base64/],
  ['no Base64', 'acme:whsec_????', /entry 2 has no whsec_ and Base64/],
  ['too short', `acme:${secretOf(7, 23)}`, /entry 2 has a secret of 23 bytes: expected 24 to 64/],
  ['too long', `acme:${secretOf(7, 65)}`, /entry 2 has a secret of 65 bytes/],
  ['a bad tenant', `a b:${secretOf(7)}`, /entry 2 has a bad tenant name/],
  ['the one before', `beta:${secretOf(9)}`, /entry 2 repeats an entry before it/],
])('[N16][M8][N7] a bad entry is named by its position alone: %s', (_title, entry, says) => {
  const problems = problemsOf(() => loadDeliveryConfig({ DELIVERY_SECRETS: `beta:${secretOf(9)},${entry}` }));
  expect(problems).toEqual([expect.stringMatching(says)]);
  const [, secret = entry] = entry.split(':');
  if (secret.length > 6) expect(problems[0]).not.toContain(secret.slice(6));
});

test('[N16][M8] who is to deliver must be able to sign; who is not needs no secret', () => {
  expect(problemsOf(() => loadDeliveryConfig({}))).toEqual([expect.stringMatching(/^DELIVERY_SECRETS is required/)]);
  expect(loadWorkerConfig(REQUIRED).deliveries).toBeNull();
  const on = { ...REQUIRED, EXTERNAL_API_DELIVERIES: 'on' };
  expect(problemsOf(() => loadWorkerConfig(on))).toEqual([expect.stringMatching(/^DELIVERY_SECRETS is required with/)]);
  const able = { ...on, DELIVERY_SECRETS: `acme:${secretOf(1)}` };
  expect(loadWorkerConfig(able).deliveries?.secretsOf('acme')).toEqual([secretOf(1)]);
});

test('[N16][N8] worker, gateway and command line have the same rules of targets, and refuse what is none', () => {
  const rules = { DELIVERY_PORTS: '443, 8443', DELIVERY_HOSTS: 'Hooks.example.com,*.example.org' };
  const targets = { ports: [443, 8443], hosts: ['hooks.example.com', '*.example.org'], loopback: false };
  const delivering = { ...rules, DELIVERY_SECRETS: `acme:${secretOf(1)}` };
  expect(loadDeliveryConfig(delivering).deliveries.targets).toEqual(targets);
  expect(loadGatewayConfig(rules).targets).toEqual(targets);
  expect(loadClientConfig(rules).targets).toEqual(targets);
  const bad = { DELIVERY_PORTS: '443,https', DELIVERY_HOSTS: 'https://example.com', DELIVERY_ALLOW_LOOPBACK: 'yes' };
  expect(problemsOf(() => loadGatewayConfig(bad)).toSorted()).toEqual([
    'DELIVERY_ALLOW_LOOPBACK must be one of: true, false',
    'DELIVERY_HOSTS must be host names separated by commas, such as hooks.example.com,*.example.org',
    'DELIVERY_PORTS must be ports separated by commas, such as 443,8443',
  ]);
  expect(problemsOf(() => loadGatewayConfig({ DELIVERY_PORTS: '0' }))).toHaveLength(1);
});

test('[N16] a file of secrets is read again; one that cannot be used, as while it is written, changes nothing', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = mkdtempSync(join(tmpdir(), 'delivery-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secrets');
  writeFileSync(path, `acme:${secretOf(1)}\n`);
  const { deliveries } = loadDeliveryConfig({ DELIVERY_SECRETS_FILE: path });
  expect(deliveries.secretsOf('acme')).toEqual([secretOf(1)]);
  const readAs = (text: string): readonly string[] => {
    writeFileSync(path, text);
    vi.advanceTimersByTime(2_000);
    return deliveries.secretsOf('acme');
  };
  expect(readAs(`acme:${secretOf(1)}\nacme:${secretOf(2)}\n`)).toEqual([secretOf(1), secretOf(2)]);
  expect(readAs('acme:whs')).toEqual([secretOf(1), secretOf(2)]);
  expect(readAs(`acme:${secretOf(2)}\n`)).toEqual([secretOf(2)]);
});

test('[N16][N8] no profile can name a secret of the deliveries among its credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'greedy.yaml');
  writeFileSync(
    path,
    'name: greedy\ncredentials: { key: DELIVERY_SECRETS }\nheaders: { X-Key: { credential: key } }\n',
  );
  expect(() => loadProfile(path)).toThrow(/credentials\.key.*EXTERNAL_API_KEY/s);
});
