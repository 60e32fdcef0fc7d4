import { describe, expect, test } from 'vitest';
import { buildCall } from '../../src/profile/build-call.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { readLookup } from '../../src/profile/read-lookup.ts';
import { readReply } from '../../src/profile/read-reply.ts';
import { readResult } from '../../src/profile/read-result.ts';
import { requestUuid } from '../../src/profile/request-uuid.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { callFacts, profileWith, readFacts, REQUEST_ID } from './facts.ts';

const answer = (status: number, body: unknown) => ({
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const lookedUp = (profile: Profile, status: number, body: unknown) =>
  readLookup(profile, answer(status, body), readFacts(profile));

const submit = 'POST /jobs{?requestId}';
const LIST = profileWith('lookup: { call: "GET /jobs{?requestId}", items: /items, match: /ref, id: /id }', { submit });
const BY_NAME = profileWith('lookup: { call: "GET /jobs/{requestId}", match: /name, id: /id }', { submit });

describe('a list', () => {
  test.each<[items: unknown, reading: object]>([
    [[{ id: '1', ref: REQUEST_ID }], { phase: 'found', handles: ['1'] }],
    [
      [
        { id: 1, ref: REQUEST_ID },
        { id: '1', ref: REQUEST_ID },
      ],
      { phase: 'found', handles: ['1'] },
    ],
    [
      [
        { id: '1', ref: REQUEST_ID },
        { id: '2', ref: REQUEST_ID },
      ],
      { phase: 'found', handles: ['1', '2'] },
    ],
    [
      [
        { id: '1', ref: 'another' },
        { id: '2', ref: REQUEST_ID },
      ],
      { phase: 'found', handles: ['2'] },
    ],
    // A reference is compared as it is: the provider's filter may be broader.
    [
      [
        { id: '1', ref: REQUEST_ID.toLowerCase() },
        { id: '2', ref: `${REQUEST_ID}-1` },
        { id: '3', ref: [REQUEST_ID] },
      ],
      { phase: 'none', isEmpty: false },
    ],
    [[{ id: '1' }, null, 7, REQUEST_ID], { phase: 'none', isEmpty: false }],
    [[], { phase: 'none', isEmpty: true }],
    // It is ours, and cannot be asked for: nobody may say that it is not there.
    [[{ ref: REQUEST_ID }], { phase: 'unreadable', why: 'nothing at /id of ours can be asked for' }],
    [
      [
        { id: 'a b', ref: REQUEST_ID },
        { id: '1', ref: REQUEST_ID },
      ],
      { phase: 'unreadable' },
    ],
    [null, { phase: 'unreadable', why: 'no list stands at /items' }],
    [{}, { phase: 'unreadable' }],
  ])('[N13] of %j is read', (items, reading) => {
    expect(lookedUp(LIST, 200, { items })).toMatchObject(reading);
  });

  test.each([404, 400, 302, 429, 500])('[N13] %i proves nothing', (status) => {
    expect(lookedUp(LIST, status, { error: 'no' })).toEqual({ phase: 'unclaimed', error: 'no' });
  });

  test('[N13] an empty list of a call that does not carry our reference is not said to be empty', () => {
    const all = profileWith('lookup: { call: "GET /jobs", items: /items, match: /ref, id: /id }', { submit });
    expect(lookedUp(all, 200, { items: [] })).toEqual({ phase: 'none', isEmpty: false });
    expect(lookedUp(LIST, 200, { items: [] })).toEqual({ phase: 'none', isEmpty: true });
  });

  test('[N13] what is no JSON proves nothing', () => {
    expect(lookedUp(LIST, 200, '<html>')).toEqual({ phase: 'unreadable', why: 'it is no JSON' });
  });
});

describe('the work by our name', () => {
  test.each<[status: number, body: unknown, reading: object]>([
    [200, { id: '1', name: REQUEST_ID }, { phase: 'found', handles: ['1'] }],
    [200, { id: '1', name: 'another' }, { phase: 'none', isEmpty: false }],
    [404, { error: 'no such job' }, { phase: 'none', isEmpty: true }],
    // A proxy's page is no word of the provider.
    [404, '<html>Not Found</html>', { phase: 'unclaimed', error: null }],
    [404, {}, { phase: 'unclaimed' }],
    [410, { error: 'gone' }, { phase: 'unclaimed' }],
  ])('[N13] %i with %j is read', (status, body, reading) => {
    expect(lookedUp(BY_NAME, status, body)).toMatchObject(reading);
  });
});

test('[N13] a UUID of the request is looked for where that was sent', () => {
  const profile = profileWith('lookup: { call: "GET /jobs{?requestUuid}", items: "", match: /key, id: /id }', {
    submit: 'POST /jobs{?requestUuid}',
  });
  expect(lookedUp(profile, 200, [{ id: '1', key: requestUuid(REQUEST_ID) }])).toEqual({
    phase: 'found',
    handles: ['1'],
  });
  expect(lookedUp(profile, 200, [{ id: '1', key: REQUEST_ID }])).toEqual({ phase: 'none', isEmpty: false });
});

test('[N8][N13] what is found by its URL must be of the provider', () => {
  const more = 'lookup: { call: "GET /jobs{?requestId}", items: "", match: /ref, id: /url }';
  const profile = profileWith(more, { submit, poll: 'GET {+location}', reply: 'location: /url' });
  expect(lookedUp(profile, 200, [{ url: 'https://api.example.com/v1/jobs/1', ref: REQUEST_ID }])).toEqual({
    phase: 'found',
    handles: ['/v1/jobs/1'],
  });
  expect(lookedUp(profile, 200, [{ url: 'https://evil.example/jobs/1', ref: REQUEST_ID }])).toMatchObject({
    phase: 'unreadable',
  });
  expect(lookedUp(profile, 200, [{ url: 7, ref: REQUEST_ID }])).toMatchObject({ phase: 'unreadable' });
});

test('[N13] a submit that gave no handle is looked for, whatever it said', () => {
  for (const [status, body] of [
    [200, {}],
    [204, ''],
    [200, '<html>'],
    [200, { id: '' }],
  ] as const) {
    const reading = readReply(LIST, 'submit', answer(status, body), readFacts(LIST));
    expect(reading).toMatchObject({ phase: 'waiting', handle: null, why: null });
  }
  expect(readReply(LIST, 'submit', answer(200, { status: 'failed' }), readFacts(LIST)).phase).toBe('failed');
  expect(readReply(LIST, 'submit', answer(409, {}), readFacts(LIST)).phase).toBe('unclaimed');
});

test('[N13] work that is asked about by the name that we gave it has that name as its handle', () => {
  const named = profileWith('', { submit, poll: 'GET /jobs/{requestId}', reply: 'createdAt: /created' });
  const reading = readReply(named, 'submit', answer(200, {}), readFacts(named));
  expect(reading).toMatchObject({ phase: 'waiting', handle: REQUEST_ID });
  // Adopted work has the name that an earlier request gave it.
  for (const handle of [REQUEST_ID, 'req_earlier']) {
    const poll = buildCall(named, 'poll', callFacts(named, { handle }));
    expect(poll.url.href).toBe(`https://api.example.com/v1/jobs/${handle}`);
  }
});

test.each([
  ['of every call', 'headers: { X-Ref: { from: requestId } }', 'call: "GET /jobs/{id}"'],
  ['of the poll', '', 'call: "GET /jobs/{id}", headers: { X-Ref: { from: requestId } }'],
])('[N13] our reference in a header %s is no name of the work', (_, headers, poll) => {
  const lookup = 'lookup: { call: "GET /jobs{?requestId}", items: /items, match: /ref, id: /id }';
  const text = `name: example
baseUrl: https://api.example.com/v1
${headers}
reply: { phase: [{ at: /status, completed: done }], result: /result }
submit: { call: "${submit}" }
poll: { ${poll} }
`;
  const profile = profileOf(text + lookup, 'example.yaml');
  const reading = readReply(profile, 'submit', answer(200, {}), readFacts(profile));
  expect(reading).toMatchObject({ phase: 'waiting', handle: null });
  expect(() => profileOf(text, 'example.yaml')).toThrow('reply.id is required');
});

test.each(['a', 'a/b', 'gid://shopify/BulkOperation/1', 'job:1', '~!@', 'x'.repeat(1_000), 7, 9007199254740991, -1, 0])(
  '[N13] %j is an id',
  (id) => {
    const reading = readReply(LIST, 'submit', answer(200, { id }), readFacts(LIST));
    expect(reading).toMatchObject({ phase: 'waiting', handle: String(id) });
    expect(buildCall(LIST, 'poll', callFacts(LIST, { handle: String(id) })).url.pathname.split('/')).toHaveLength(4);
  },
);

test.each([
  '"."',
  '".."',
  '""',
  '" "',
  '"a b"',
  '"a\\n"',
  '"\\u00fc"',
  `"${'x'.repeat(1_001)}"`,
  '9007199254740993',
  '1e400',
  'true',
  '{}',
  '["a"]',
  'null',
])('[N13] %s is no id', (id) => {
  const plain = profileWith();
  expect(readReply(plain, 'submit', answer(200, `{"id":${id}}`), readFacts(plain))).toMatchObject({
    phase: 'unreadable',
    handle: null,
  });
});

test.each([
  ['/0/out', '[{"out":[9007199254740993],"in":9007199254740993}]', '[0]'],
  ['/a~1b/0', '{"a/b":[{"n":9007199254740993}],"ab":[9007199254740993]}', 'n'],
  ['/0', '{"0":{"n":9007199254740993}}', 'n'],
])('[M12][N13] numbers of the result at %s that JavaScript does not keep are marked', (place, body, path) => {
  const profile = profileWith(
    `cancel: { call: POST /x, read: { result: '${place}', phase: [{ at: $statusCode, completed: 200 }] } }`,
  );
  const reading = readReply(profile, 'cancel', { status: 200, headers: {}, body }, readFacts(profile));
  expect(reading.result?.inexact).toEqual([path]);
});

describe('the GET of a result', () => {
  const JSON_RESULT = profileWith('result: { call: "GET /results/{file}", vars: { file: /file } }');
  const TEXT = profileWith('result: { call: "GET /results/{id}", as: text }');
  test.each<[profile: Profile, status: number, body: unknown, reading: object]>([
    [JSON_RESULT, 200, { a: 1 }, { phase: 'completed', result: { processedData: { a: 1 } } }],
    [JSON_RESULT, 200, '[9007199254740993]', { phase: 'completed', result: { inexact: ['[0]'] } }],
    [JSON_RESULT, 200, 'null', { phase: 'completed', result: { processedData: null } }],
    [JSON_RESULT, 200, '', { phase: 'unreadable', why: 'the result is no JSON' }],
    [JSON_RESULT, 200, '{"a":', { phase: 'unreadable' }],
    [JSON_RESULT, 202, '', { phase: 'waiting' }],
    [JSON_RESULT, 303, '', { phase: 'unclaimed', error: null }],
    [JSON_RESULT, 422, { message: 'it failed' }, { phase: 'unclaimed', error: 'it failed' }],
    [
      TEXT,
      200,
      '{"a":9007199254740993}\n',
      { phase: 'completed', result: { processedData: '{"a":9007199254740993}\n' } },
    ],
    [TEXT, 204, '', { phase: 'completed', result: { processedData: '' } }],
  ])('[N13] of $name, %i with %j is read', (profile, status, body, reading) => {
    expect(readResult(profile, answer(status, body), readFacts(profile))).toMatchObject(reading);
  });

  test('[N13] it is made of what the reply to the poll had', () => {
    const { fetch } = readReply(
      JSON_RESULT,
      'poll',
      answer(200, { status: 'done', file: 'a/b' }),
      readFacts(JSON_RESULT, { handle: '1' }),
    );
    expect(fetch).toEqual({ file: 'a/b' });
    const { url } = buildCall(JSON_RESULT, 'result', callFacts(JSON_RESULT, { handle: '1', fetch: fetch ?? {} }));
    expect(url.href).toBe('https://api.example.com/v1/results/a%2Fb');
  });

  test.each([undefined, null, '', {}, 9007199254740992])('[N13] where %j stands it is not there yet', (file) => {
    const reading = readReply(
      JSON_RESULT,
      'poll',
      answer(200, { status: 'done', file }),
      readFacts(JSON_RESULT, { handle: '1' }),
    );
    expect(reading).toMatchObject({ phase: 'completed', fetch: null, result: null });
  });
});
