import { expect, test } from 'vitest';
import { buildCall } from '../../src/profile/build-call.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { changed, mistakesIn } from './good-profile.ts';

test.each([
  'REDIS_URL',
  'EXTERNAL_API_TOKEN_KEY',
  'EXTERNAL_API_BASE_URL',
  'GATEWAY_API_KEYS',
  'TEMPORAL_API_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'PATH',
  'external_api_key',
  'EXTERNAL_API_KEY_FILE',
  'EXTERNAL_OAUTH_CLIENT_SECRET_FILE',
  'X_EXTERNAL_API_KEY',
  'EXTERNAL_API_KEY ',
  'EXTERNAL_API_PROXY_URL',
  'EXTERNAL_API_CLIENT_KEY',
  'sk-live-1234',
  '',
])('[N7][N8][N13] %j is no variable that a profile may send', (variable) => {
  const [mistake = ''] = mistakesIn(changed('EXTERNAL_API_KEY', `'${variable}'`));
  expect(mistake).toMatch(/^3 credentials\.apiKey must be the name of an environment variable EXTERNAL_API_KEY…/);
  if (variable !== '') expect(mistake).not.toContain(`'${variable}'`);
});

test.each(['EXTERNAL_API_KEY', 'EXTERNAL_API_KEY_2', 'EXTERNAL_OAUTH_CLIENT_ID', 'EXTERNAL_WEBHOOK_SECRET'])(
  '[N13] %s is one',
  (variable) => {
    expect(mistakesIn(changed('EXTERNAL_API_KEY', variable))).toEqual([]);
  },
);

test.each<[what: string, text: string, says: RegExp]>([
  [
    'in a body',
    changed('POST /jobs', 'POST /jobs, body: { /key: { credential: apiKey } }'),
    /^10 submit\.body\.\/key has a \{from: …\} or \{credential: …\} inside: .* credentials stand in headers only$/,
  ],
  [
    'deep in a body',
    changed('POST /jobs', 'POST /jobs, body: { /a: [{ b: { credential: apiKey } }] }'),
    /credentials stand in headers only$/,
  ],
  [
    'in a path',
    changed('POST /jobs', "'POST /{apiKey}'"),
    /^10 submit\.call has \{apiKey\}, and submit\.vars does not say what that is$/,
  ],
  [
    'in a variable',
    changed('POST /jobs', "'POST /{x}', vars: { x: apiKey }"),
    /^10 submit\.vars\.x must be one of data/,
  ],
  [
    'in a variable, as a header has it',
    changed('POST /jobs', "'POST /{x}', vars: { x: { credential: apiKey } }"),
    /^10 submit\.vars\.x must be one of data/,
  ],
  [
    'that is not declared',
    changed('credential: apiKey', 'credential: apikey'),
    /^5 headers\.Authorization uses the credential apikey, which `credentials` does not have$/,
  ],
  ['the token, without OAuth2', changed('credential: apiKey', 'credential: token'), /uses the credential token, which/],
  [
    'of the prototype',
    changed('credential: apiKey', 'credential: constructor'),
    /uses the credential constructor, which/,
  ],
  [
    'Basic that is not declared',
    changed('{ credential: apiKey, scheme: Bearer }', '{ basic: [apiKey, other] }'),
    /^5 headers\.Authorization uses the credential other/,
  ],
  [
    'written out',
    changed('{ credential: apiKey, scheme: Bearer }', 'Bearer sk-live-1234'),
    /^5 headers\.Authorization must be \{credential: <name>/,
  ],
  [
    'written out in a step',
    changed('POST /jobs', "POST /jobs, headers: { authorization: { from: 'data#/token' } }"),
    /^10 submit\.headers\.authorization must be \{credential/,
  ],
  [
    'named as the access token',
    changed('{ apiKey:', '{ token: EXTERNAL_API_KEY, apiKey:').replace(
      'reply:',
      'oauth2: { url: /token, clientId: apiKey, clientSecret: apiKey }\nreply:',
    ),
    /^3 credentials\.token is the name of the access token/,
  ],
  [
    'to a token endpoint without TLS',
    changed('reply:', 'oauth2: { url: "http://login.example.com/", clientId: apiKey, clientSecret: apiKey }\nreply:'),
    /^6 oauth2\.url must be an https URL without user and fragment/,
  ],
  [
    'that the token endpoint does not have',
    changed('reply:', 'oauth2: { url: /token, clientId: id, clientSecret: token }\nreply:'),
    /^6 oauth2\.clientSecret uses the credential token/,
  ],
])('[N7][N8][N13] a credential %s', (_, text, says) => {
  expect(mistakesIn(text).join('\n')).toMatch(new RegExp(says.source, 'm'));
});

test.each(['application/json', 'application/x-amz-json-1.1', 'application/vnd.api+json', 'Application/JSON'])(
  '[N13] a body may be called %s, and then is by that name alone',
  (type) => {
    const profile = profileOf(changed('headers:', `headers:\n  Content-Type: ${type}`), 'example.yaml');
    const sent = (step: 'submit' | 'poll'): string[] => {
      const facts = { baseUrl: new URL('https://api.example.com'), authorize: () => 'x', requestId: 'req_1' };
      const { headers } = buildCall(profile, step, { ...facts, data: {}, handle: '1' });
      return headers.filter(([name]) => name === 'content-type').map(([, value]) => value);
    };
    expect(sent('submit')).toEqual([type]);
    expect(sent('poll')).toEqual([]);
  },
);

test.each(['text/plain', 'application/x-www-form-urlencoded', '{ from: requestId }', 'application/jsonl'])(
  '[N13][N8] a body that is JSON is not called %s',
  (type) => {
    expect(mistakesIn(changed('headers:', `headers:\n  Content-Type: ${type}`))).toEqual([
      '5 headers.Content-Type must be the name of a kind of JSON, such as application/json: bodies are JSON',
    ]);
  },
);

test.each([
  'Host',
  'content-length',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'TE',
  'Trailer',
  'Expect',
  'Cookie',
  'Proxy-Authorization',
])('[N8][N13] %s is no header of a profile', (name) => {
  expect(mistakesIn(changed('headers:', `headers:\n  ${name}: x`))).toEqual([
    `5 headers.${name} is a header that no profile sets`,
  ]);
});

test.each(['X Y', 'X:', '"X\\nY"', 'Ü', "''"])('[N8][N13] %s is no name of a header', (name) => {
  expect(mistakesIn(changed('headers:', `headers:\n  ${name}: x`)).join()).toMatch(
    /must be the name of a header|is no YAML/,
  );
});

test.each(['"a\\r\\nX-Evil: 1"', '"a\\0"', 'ü', "''"])('[N8][N13] %s is no value of a header', (value) => {
  expect(mistakesIn(changed('headers:', `headers:\n  X-A: ${value}`))).toEqual([
    '5 headers.X-A must be a text of visible ASCII, {from: <source>}, {credential: <name>, scheme?: <word>} or {basic: [<user>, <password>]}',
  ]);
});
