import { expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';

const load = (value: string): readonly string[] => loadGatewayConfig({ GATEWAY_TRUSTED_PROXIES: value }).trustedProxies;

test('[M16] nobody is a trusted proxy by default', () => {
  expect(loadGatewayConfig({}).trustedProxies).toEqual([]);
});

test.each([
  ['10.0.0.7', ['10.0.0.7']],
  ['10.0.0.0/8, 192.168.1.1 ,loopback', ['10.0.0.0/8', '192.168.1.1', 'loopback']],
  ['2001:db8::/48,::1,fc00::/7', ['2001:db8::/48', '::1', 'fc00::/7']],
  ['linklocal,uniquelocal', ['linklocal', 'uniquelocal']],
])('[M16] %j are trusted proxies', (value, expected) => {
  expect(load(value)).toEqual(expected);
});

test.each([
  ['0.0.0.0/0', 'entry 1 must not be wider than /8'],
  ['::/0', 'entry 1 must not be wider than /7'],
  ['10.0.0.1,172.16.0.0/4', 'entry 2 must not be wider than /8'],
  ['10.0.0.0/33', 'entry 1 must have a prefix of at most /32'],
  ['::1/129', 'entry 1 must have a prefix of at most /128'],
  ['::ffff:10.0.0.1', 'entry 1 must be written as the IPv4 address that it is'],
  ['10.1', 'entry 1 must be one of'],
  ['10.0.0.0/255.0.0.0', 'entry 1 must be one of'],
  ['proxy.example.com', 'entry 1 must be one of'],
  ['true', 'entry 1 must be one of'],
  ['*', 'entry 1 must be one of'],
  ['10.0.0.1,', 'entry 2 must be one of'],
  ['10.0.0.1/8/8', 'entry 1 must be one of'],
])('[M16][M15] %j is refused: %s', (value, problem) => {
  expect(() => load(value)).toThrow(`GATEWAY_TRUSTED_PROXIES ${problem}`);
});
