import { createHmac } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { providerClientCases, type ProviderClientUnderTest, type ProviderContract } from '../../src/testing/index.ts';
import { createProviderClient } from '../../src/worker/index.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { BROKEN, CREDENTIALS, create } from './broken-clients.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}.yaml`, import.meta.url));

/** An API with an API key, a lookup, and the result in the poll. */
const CLOUDCONVERT: ProviderContract = {
  accepted: ({ id }) => ({ status: 201, body: { data: { id, status: 'waiting' } } }),
  waiting: ({ id }) => ({ body: { data: { id, status: 'processing' } } }),
  completed: ({ id }) => ({ body: { data: { id, status: 'finished', tasks: [] } } }),
  failed: ({ id }, message) => ({ body: { data: { id, status: 'error', message } } }),
  unknown: ({ id }) => ({ body: { data: { id, status: 'pondering' } } }),
  error: (message) => ({ message }),
  listed: (works) => ({ body: { data: works.map(({ id, reference }) => ({ id, tag: reference })) } }),
};

/** Work is asked for by URL, and a cancel only asks. */
const BY_URL: ProviderContract = {
  accepted: ({ id, baseUrl }) => ({ status: 202, headers: { location: `${baseUrl}/exports/${id}` } }),
  waiting: () => ({ body: { state: 'running' } }),
  completed: ({ id, baseUrl }) => [
    { status: 303, headers: { location: `${baseUrl}/results/${id}` } },
    { body: { rows: [] } },
  ],
  failed: (_work, message) => ({ status: 410, body: { error: message } }),
  unknown: () => ({ body: { state: 'pondering' } }),
  error: (error) => ({ error }),
};

/** The status of the answer is the word, and the credentials are a hook's. */
const SNOWFLAKE: ProviderContract = {
  aside: ({ headers }) => (/^Bearer \w{64}$/.test(String(headers['authorization'])) ? null : { status: 401 }),
  accepted: ({ id }) => ({ status: 202, body: { statementHandle: id } }),
  waiting: ({ id }) => ({ status: 202, body: { statementHandle: id } }),
  completed: ({ id }) => ({ body: { statementHandle: id, data: [] } }),
  failed: ({ id }, message) => ({ status: 422, body: { statementHandle: id, message } }),
  error: (message) => ({ message }),
  cancel: { asked: () => ({ body: {} }) },
};

const CLIENTS: Record<string, ProviderClientUnderTest> = {
  'data-processing-v2.1': { create, secrets: Object.values(CREDENTIALS) },
  cloudconvert: {
    contract: CLOUDCONVERT,
    create: ({ baseUrl }) =>
      createProviderClient({
        profile: loadProfile('cloudconvert'),
        baseUrl,
        credentials: { apiKey: 'canary-api-key-1', webhookSecret: 'canary-webhook-2' },
      }),
    secrets: ['canary-api-key-1'],
    data: { tasks: {} },
  },
  monitor: {
    contract: BY_URL,
    create: ({ baseUrl }) =>
      createProviderClient({
        profile: loadProfile(fileURLToPath(new URL('../providers/monitor.yaml', import.meta.url))),
        baseUrl,
        credentials: { apiKey: 'canary-api-key-3' },
      }),
    secrets: ['canary-api-key-3'],
  },
  'snowflake-key-pair': {
    contract: SNOWFLAKE,
    create: ({ baseUrl }) =>
      createProviderClient({
        profile: loadProfile(example('snowflake-key-pair')),
        baseUrl,
        sign: ({ url }) => ({ authorization: `Bearer ${createHmac('sha256', 'key').update(url.href).digest('hex')}` }),
      }),
  },
};

describe.each(Object.entries(CLIENTS))('our client with the profile %s', (_, client) => {
  for (const { title, run } of providerClientCases(client)) test(`[N13] ${title}`, run);
});

test('[N13] each kind of provider gets the rules that are about it', () => {
  const titlesOf = (name: string): string[] => providerClientCases(CLIENTS[name]!).map(({ title }) => title);
  const [builtIn, byUrl] = [titlesOf('data-processing-v2.1'), titlesOf('monitor')];
  expect(new Set(builtIn).size).toBe(builtIn.length);
  expect(builtIn).toContain('a cancel says whether the work is finished');
  expect(byUrl).toContain('without a call for it a cancel is not_supported, and sends nothing');
  expect(byUrl).not.toContain('a reply to a poll that is about other work is unreadable');
  expect(titlesOf('cloudconvert')).toContain('a lookup finds the work of our reference, and no other');
});

test.each(BROKEN)('[N13] a client that %s fails the rule: %s', async (_, title, says, broken, contract) => {
  const options = contract === 'lookup' ? { ...CLIENTS['cloudconvert']! } : CLIENTS['data-processing-v2.1']!;
  const cases = providerClientCases({ ...options, create: async (at) => broken(await options.create(at), at) });
  const found = cases.find((one) => one.title === title);
  await expect(found?.run()).rejects.toThrow(says);
});

test('[N13] a client that is made without a worker says what it misses', () => {
  expect(() => createProviderClient({ profile: BUILT_IN })).toThrow(
    'baseUrl is required: the profile data-processing-v2.1 has none',
  );
  expect(() => createProviderClient({ profile: BUILT_IN, baseUrl: 'https://api.example' })).toThrow(
    'The credential apiKey of the profile data-processing-v2.1 is missing',
  );
  const credentials = { apiKey: 'a', clientId: 'b' };
  expect(() => createProviderClient({ profile: BUILT_IN, baseUrl: 'https://api.example', credentials })).toThrow(
    'The credential clientSecret of the profile data-processing-v2.1 is missing',
  );
});
