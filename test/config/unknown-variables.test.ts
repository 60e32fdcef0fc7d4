import { expect, test } from 'vitest';
import { unknownVariables } from '../../src/config/unknown-variables.ts';

test.each([
  ['EXTERNAL_API_TIMOUT', 'EXTERNAL_API_TIMEOUT'],
  ['EXTERNAL_API_BASEURL', 'EXTERNAL_API_BASE_URL'],
  ['EXTERNAL_API_MAX_RETRY', 'EXTERNAL_API_MAX_RETRIES'],
  ['EXTERNAL_OAUTH_CLIENTID', 'EXTERNAL_OAUTH_CLIENT_ID'],
  ['EXTERNAL_API_KEY_FLIE', 'EXTERNAL_API_KEY_FILE'],
  ['GATEWAY_APIKEYS', 'GATEWAY_API_KEYS'],
  ['DELIVERY_SECRET_FILE', 'DELIVERY_SECRETS_FILE'],
  ['SUSPICION_TRESHOLDS', 'SUSPICION_THRESHOLDS'],
])('[M8] %s, which nothing reads, is told with %s', (name, meant) => {
  expect(unknownVariables({ [name]: 'canary' })).toEqual([
    `${name} is set, and nothing reads a variable of that name. Did you mean ${meant}?`,
  ]);
});

test('[M8] one that is like none is told without a guess', () => {
  expect(unknownVariables({ EXTERNAL_API_COLOUR_OF_THE_SKY: '1' })).toEqual([
    'EXTERNAL_API_COLOUR_OF_THE_SKY is set, and nothing reads a variable of that name.',
  ]);
});

test.each([
  ['variables that some process of ours reads', ['EXTERNAL_API_TIMEOUT', 'GATEWAY_PORT', 'EXTERNAL_API_KEY_FILE']],
  ['those of others, however alike', ['REDIS_URI', 'LOG_LEVLE', 'METRICS_PROT', 'TEMPORAL_ADRESS', 'PATH']],
  [
    'those that Kubernetes makes for a Service',
    ['GATEWAY_SERVICE_HOST', 'GATEWAY_SERVICE_PORT_HTTP', 'GATEWAY_PORT_8080_TCP_ADDR', 'EXTERNAL_API_PORT'],
  ],
])('[M8] no word of %s', (_title, names) => {
  expect(unknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
});

test('[M8] an empty variable counts as unset', () => {
  expect(unknownVariables({ EXTERNAL_API_TIMOUT: '' })).toEqual([]);
});
