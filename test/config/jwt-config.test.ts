import { expect, test } from 'vitest';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';

const ALL = {
  GATEWAY_JWT_ISSUER: 'https://login.example.com/',
  GATEWAY_JWT_AUDIENCE: 'gateway',
  GATEWAY_JWT_JWKS_URL: 'https://login.example.com/.well-known/jwks.json',
};

test('[M16][M8] issuer, audience and the place of the keys make tokens good, also without keys in production', () => {
  expect(loadGatewayConfig({ ...ALL, NODE_ENV: 'production', GATEWAY_HOST: '0.0.0.0' }).tokens).toEqual({
    issuer: ALL.GATEWAY_JWT_ISSUER,
    audience: 'gateway',
    jwksUrl: ALL.GATEWAY_JWT_JWKS_URL,
    tenantClaim: 'tenant',
    clockSkewMs: 30_000,
  });
});

test.each(Object.keys(ALL))('[M16][M8] without %s the others are refused', (name) => {
  expect(() => loadGatewayConfig({ ...ALL, [name]: '' })).toThrow(
    new RegExp(`${name} is required with the other GATEWAY_JWT_ variables`),
  );
});

test.each([
  ['GATEWAY_JWT_JWKS_URL', 'http://login.example.com/keys'],
  ['GATEWAY_JWT_JWKS_URL', 'https://user:canary@login.example.com/keys'],
  ['GATEWAY_JWT_JWKS_URL', 'file:///keys'],
  ['GATEWAY_JWT_ISSUER', 'with blank'],
  ['GATEWAY_JWT_CLOCK_SKEW', '301'],
])('[M16][N8] %s=%s is refused by name', (variable, value) => {
  const load = (): unknown => loadGatewayConfig({ ...ALL, [variable]: value });
  expect(load).toThrow(variable);
  expect(load).not.toThrow(/canary/);
});

test('[M16] on this machine the keys may come by plain http', () => {
  const url = 'http://127.0.0.1:9/keys';
  expect(loadGatewayConfig({ ...ALL, GATEWAY_JWT_JWKS_URL: url }).tokens?.jwksUrl).toBe(url);
});
