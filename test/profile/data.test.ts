import { expect, test } from 'vitest';
import type { JsonValue } from '../../src/contract/request.ts';
import { buildCall } from '../../src/profile/build-call.ts';
import { CannotBuildError } from '../../src/profile/cannot-build-error.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { callFacts } from './facts.ts';

/** Data that tries to leave its place: path, query, header or body. */
const profile = profileOf(
  `name: example
baseUrl: https://api.example.com/v1
credentials: { apiKey: EXTERNAL_API_KEY }
headers: { Authorization: { credential: apiKey, scheme: Bearer } }
reply: { id: /id, phase: [{ at: /status, completed: done }], result: '' }
submit:
  call: POST /models/{model}:run{?tag,notify}
  vars: { model: 'data#/model', tag: 'data#/tag', notify: callbackUrl }
  headers: { X-Kind: { from: 'data#/kind' } }
  body:
    '': { from: data }
    /webhook: { from: callbackUrl }
    /metadata/ref: { from: requestId }
    /mode: batch
poll: { call: 'GET /models/jobs/{id}' }
`,
  'example.yaml',
);

const built = (data: JsonValue, callbackUrl: string | null = null) =>
  buildCall(profile, 'submit', callFacts(profile, { data, callbackUrl }));
const bodyOf = (data: JsonValue, callbackUrl?: string): unknown => JSON.parse(built(data, callbackUrl).body ?? '');
const REF = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('[N13] data stands where the profile puts it', () => {
  const { url, headers, body } = built({ model: 'a b', tag: 'x&y=z', kind: 'k' }, 'https://us.example/?a=1');
  expect(url.href).toBe(
    'https://api.example.com/v1/models/a%20b:run?tag=x%26y%3Dz&notify=https%3A%2F%2Fus.example%2F%3Fa%3D1',
  );
  expect(Object.fromEntries(headers)).toEqual({
    authorization: 'Bearer <EXTERNAL_API_KEY>',
    accept: 'application/json',
    'content-type': 'application/json',
    'x-kind': 'k',
  });
  expect(JSON.parse(body ?? '')).toEqual({
    model: 'a b',
    tag: 'x&y=z',
    kind: 'k',
    webhook: 'https://us.example/?a=1',
    metadata: { ref: REF },
    mode: 'batch',
  });
});

test.each([
  ['../../admin', '..%2F..%2Fadmin'],
  ['a/b', 'a%2Fb'],
  ['a\\b', 'a%5Cb'],
  ['a?x=1', 'a%3Fx%3D1'],
  ['a#b', 'a%23b'],
  ['a:delete', 'a%3Adelete'],
  ['a;b', 'a%3Bb'],
  ['a@evil.example', 'a%40evil.example'],
  ['%2e%2e', '%252e%252e'],
  ['%2F', '%252F'],
  ['a\r\nHost: evil.example', 'a%0D%0AHost%3A%20evil.example'],
  ['a\u0000', 'a%00'],
  ["!'()*", '%21%27%28%29%2A'],
  ['{id}', '%7Bid%7D'],
  ['{+location}', '%7B%2Blocation%7D'],
  ['//evil.example/', '%2F%2Fevil.example%2F'],
  ['https://evil.example/', 'https%3A%2F%2Fevil.example%2F'],
  ['ü\u2028', '%C3%BC%E2%80%A8'],
  ['..', '..'],
  [7, '7'],
  [true, 'true'],
])('[N8][N13] %j stands in the path as %s', (model, encoded) => {
  expect(built({ model }).url.href).toBe(`https://api.example.com/v1/models/${encoded}:run`);
});

test.each([
  ['', 'model is missing, and the URL needs it'],
  [null, 'model is missing, and the URL needs it'],
  [undefined, 'model is missing, and the URL needs it'],
  [{ a: 1 }, 'model must be a text, a number or a boolean to stand in the URL'],
  [['a'], 'model must be a text, a number or a boolean to stand in the URL'],
  [2 ** 53, 'model must be a text, a number or a boolean to stand in the URL'],
  ['a\ud800', 'model has half a character, which no URL can hold'],
])('[N8][N13] %j does not stand in the path', (model, message) => {
  expect(() => built(model === undefined ? {} : { model })).toThrow(new CannotBuildError(message));
});

test.each(['.', '..'])('[N8][N13] an id %s would be a dot segment', (handle) => {
  expect(() => buildCall(profile, 'poll', callFacts(profile, { handle }))).toThrow(
    'a part of the path would be a dot segment',
  );
});

test.each([
  ['', 'id is missing'],
  [undefined, 'id is missing'],
])('[N8][N13] the id %j asks for nothing', (handle, message) => {
  expect(() => buildCall(profile, 'poll', callFacts(profile, handle === undefined ? {} : { handle }))).toThrow(message);
});

test.each<[what: string, data: JsonValue]>([
  ['a line break', { model: 'm', kind: 'a\r\nX-Evil: 1' }],
  ['a lone line feed', { model: 'm', kind: 'a\nb' }],
  ['NUL', { model: 'm', kind: 'a\u0000b' }],
  ['another script', { model: 'm', kind: 'ключ' }],
  ['an object', { model: 'm', kind: { a: 1 } }],
  ['a list', { model: 'm', kind: ['a'] }],
])('[N8][N13] %s does not stand in a header', (_, data) => {
  expect(() => built(data)).toThrow(
    'the header X-Kind must be a text of visible ASCII characters, a number or a boolean',
  );
});

test('[N8][N13] what the profile sets is the profile’s: what the data has there is dropped, also when there is nothing to set', () => {
  const theirs = { model: 'm', webhook: 'https://thief.example/', metadata: { ref: 'another', mine: 1 }, mode: 'live' };
  expect(bodyOf(theirs)).toEqual({ model: 'm', metadata: { ref: REF, mine: 1 }, mode: 'batch' });
  expect(bodyOf(theirs, 'https://us.example/')).toMatchObject({ webhook: 'https://us.example/' });
});

test('[N8][N13] in whatever order the pointers are written down, no data replaces what the profile sets', () => {
  const turned = `{ /input/webhook: { from: callbackUrl }, /input/mode: batch, /input: { from: data } }`;
  const into = profileOf(FIXED_PATH.replace(/body: .* } }/, `body: ${turned} }`), 'x');
  const data = { webhook: 'https://thief.example/', mode: 'live', mine: 1 };
  const { body } = buildCall(into, 'submit', callFacts(into, { data, callbackUrl: null }));
  expect(JSON.parse(body ?? '')).toEqual({ input: { mode: 'batch', mine: 1 } });
});

test('[N13] the data itself is not changed', () => {
  const data = { model: 'm', webhook: 'https://thief.example/', metadata: { ref: 'another' } };
  bodyOf(data);
  expect(data).toEqual({ model: 'm', webhook: 'https://thief.example/', metadata: { ref: 'another' } });
});

test.each<[data: JsonValue, message: string]>([
  ['text', 'the data has no object where /metadata/ref is to be put'],
  [7, 'model is missing'],
  [[{ model: 'm' }], 'model is missing'],
  [{ model: 'm', metadata: 'text' }, 'the data has no object where /metadata/ref is to be put'],
  [{ model: 'm', metadata: 7 }, 'the data has no object where /metadata/ref is to be put'],
  [{ model: 'm', metadata: [] }, 'the data has a list where /metadata/ref is to be put'],
])(
  '[N13] data %j that has no room for what the profile puts into it is refused, and nothing of it is lost',
  (data, message) => {
    const fixed = profileOf(FIXED_PATH, 'x');
    const into = typeof data === 'string' ? fixed : profile;
    expect(() => buildCall(into, 'submit', callFacts(into, { data }))).toThrow(message);
  },
);

const FIXED_PATH = `name: x
baseUrl: https://api.example.com
reply: { id: /id, phase: [{ at: /status, completed: done }], result: '' }
submit: { call: POST /jobs, body: { '': { from: data }, /metadata/ref: { from: requestId } } }
poll: { call: 'GET /jobs/{id}' }
`;

test('[N8][N13] members that look like others stay what they are', () => {
  const text =
    '{"model":"m","__proto__":{"webhook":"x"},"constructor":{"a":1},"a/b":1,"webhook ":2,"/webhook":3,"Webhook":4,"":5}';
  const data = JSON.parse(text) as JsonValue;
  const { body } = built(data);
  expect(JSON.parse(body ?? '')).toEqual({ ...JSON.parse(text), metadata: { ref: REF }, mode: 'batch' });
  expect(body).toContain('"__proto__":{"webhook":"x"}');
  expect(({} as Record<string, unknown>)['webhook']).toBeUndefined();
});

test('[N8][N13] data that names sources, templates or credentials is data', () => {
  const data = {
    model: 'm',
    a: { from: 'requestId' },
    b: '{requestId}',
    c: { credential: 'apiKey' },
    d: '<EXTERNAL_API_KEY>',
  };
  expect(bodyOf(data)).toMatchObject(data);
});

test.each<[pointer: string, data: JsonValue, sent: unknown]>([
  ['/messages/0/content', { messages: [{ role: 'user' }] }, { messages: [{ role: 'user', content: REF }] }],
  ['/messages/1', { messages: ['a'] }, { messages: ['a', REF] }],
  ['/a~1b', {}, { 'a/b': REF }],
  ['/a~0b', { 'a~b': 1 }, { 'a~b': REF }],
  ['/__proto__/x', {}, JSON.parse(`{"__proto__":{"x":"${REF}"}}`)],
  ['/a/b/c', {}, { a: { b: { c: REF } } }],
  ['/a', { a: { b: 1 } }, { a: REF }],
])('[N13] %s is set in %j', (pointer, data, sent) => {
  const into = profileOf(FIXED_PATH.replace('/metadata/ref', `'${pointer}'`), 'x');
  const { body } = buildCall(into, 'submit', callFacts(into, { data }));
  expect(body).toBe(JSON.stringify(sent));
});

test.each<[data: JsonValue, sent: unknown]>([
  [{ a: 1, hook: 'x' }, { a: 1 }],
  [{ a: 1 }, { a: 1 }],
  [[1], [1]],
])('[N8][N13] where there is no callback URL, %j is sent as %j', (data, sent) => {
  const into = profileOf(FIXED_PATH.replace('/metadata/ref: { from: requestId }', '/hook: { from: callbackUrl }'), 'x');
  expect(buildCall(into, 'submit', callFacts(into, { data, callbackUrl: null })).body).toBe(JSON.stringify(sent));
});

test('[N13] a list has its item dropped, and no hole', () => {
  const into = profileOf(
    FIXED_PATH.replace('/metadata/ref: { from: requestId }', '/hooks/0: { from: callbackUrl }'),
    'x',
  );
  expect(buildCall(into, 'submit', callFacts(into, { data: { hooks: ['a', 'b'] } })).body).toBe('{"hooks":["b"]}');
});

test('[N13] without a body the data is the body, a GET has none, and {?x} without a value is left out', () => {
  const plain = profileOf(FIXED_PATH.replace(/, body: .* }/, ' }'), 'x');
  expect(buildCall(plain, 'submit', callFacts(plain, { data: [1, null] })).body).toBe('[1,null]');
  const get = profileOf(
    FIXED_PATH.replace(
      /call: POST.*$/m,
      "call: 'GET /jobs?a=1{&b,c}{&d}', vars: { b: 'data#/b', c: 'data#/c', d: 'data#/d' } }",
    ),
    'x',
  );
  const { body, url, headers } = buildCall(get, 'submit', callFacts(get, { data: { c: '', d: null } }));
  expect([body, url.href]).toEqual([null, 'https://api.example.com/jobs?a=1&c=']);
  expect(headers.map(([name]) => name)).toEqual(['accept']);
});

test('[N13] a variable of a template may begin with a digit, as in RFC 6570', () => {
  const yaml = FIXED_PATH.replace('POST /jobs', "'POST /v/{2fa}', vars: { 2fa: 'data#/code' }");
  const into = profileOf(yaml, 'x');
  expect(buildCall(into, 'submit', callFacts(into, { data: { code: 7 } })).url.pathname).toMatch(/\/v\/7$/);
});

test('[N13] the same request has the same UUID, of version 5, and another one another', () => {
  const uuid = profileOf(FIXED_PATH.replace('from: requestId', 'from: requestUuid'), 'x');
  const sent = (requestId: string): string =>
    buildCall(uuid, 'submit', callFacts(uuid, { data: {}, requestId })).body ?? '';
  expect(sent(REF)).toMatch(/"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"/);
  expect(sent(REF)).toBe(sent(REF));
  expect(sent(REF)).not.toBe(sent(`${REF}-1`));
});
