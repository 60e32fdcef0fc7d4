import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/profile/load-profile.ts';
import { changed, GOOD, mistakesIn } from './good-profile.ts';

test('[N13] the profile that these tests change has no mistake', () => {
  expect(mistakesIn(GOOD)).toEqual([]);
});

test('[N13] every mistake is told at once, with its line, in the order of the file', () => {
  const text = GOOD.replace('name: example', 'name: Example')
    .replace('EXTERNAL_API_KEY', 'REDIS_URL')
    .replace('credential: apiKey', 'credential: other')
    .replace('at: /status', 'att: /status')
    .replace('result: /result', 'result: result')
    .replace('repeat: none', 'repeat: key')
    .replace("'GET /jobs/{id}'", "'GET /jobs/{job}'");
  expect(mistakesIn(text)).toEqual([
    '1 name must be a letter a-z, then at most 31 of a-z 0-9 . -',
    '3 credentials.apiKey must be the name of an environment variable EXTERNAL_API_KEY…, EXTERNAL_OAUTH… or EXTERNAL_WEBHOOK…, without _FILE; never a value',
    '8 reply.phase.0.at is required: a place in the reply: a JSON Pointer such as /data/id, $statusCode, or $response.header.<name>',
    '8 reply.phase.0.att is not known here; there are: at, waiting, completed, failed, cancelled, refused',
    '9 reply.result must be a place in the reply, or {at: <place>, processingTime?: <place>, version?: <place>}',
    '10 submit.keyHours is required with repeat: key: for how many hours the provider knows a key',
    '10 submit.repeat is key, but the call carries neither requestId nor requestUuid',
    '11 poll.call has {job}, and poll.vars does not say what that is',
  ]);
});

test('[N13] the message has file, line and member of each, as an editor finds it', () => {
  expect(() => profileOf(changed('submit', 'sbmit'), 'dir/example.yaml')).toThrow(
    `dir/example.yaml cannot be used as a profile:
  dir/example.yaml:1 submit is required: an object of call, headers, body, vars, read, repeat, keyHours
  dir/example.yaml:10 sbmit is not known here; there are: name, baseUrl, credentials,`,
  );
});

test.each(['http://127.0.0.1:4010/v1', 'api.example.com', 'https://[x'])(
  '[N13] the base URL %s is told once, and what to do for a server without https',
  (url) => {
    expect(mistakesIn(changed('https://api.example.com/v1', `'${url}'`))).toEqual([
      '2 baseUrl must be an https URL without user, query and fragment; for a server without https leave it out, and set EXTERNAL_API_BASE_URL',
    ]);
  },
);

test('[N13] a variable that is written as others write it, /:id, is a mistake, and no path as it stands', () => {
  expect(mistakesIn(changed('{id}', ':id'))).toEqual([
    '11 poll.call has :id, which would be sent as it stands: write {id}',
  ]);
  expect(mistakesIn(changed('POST /jobs', 'POST /jobs:run'))).toEqual([]);
});

describe('members', () => {
  test.each<[what: string, text: string, says: RegExp]>([
    ['no object', '[1]', /^1 must be an object of name, baseUrl/],
    ['nothing', '', /must be an object of name/],
    ['a text', 'hello', /must be an object of name/],
    ['an unknown member', `${GOOD}pool: {}`, /^12 pool is not known here; there are: name, baseUrl/],
    [
      'an unknown member of the poll',
      changed("'GET /jobs/{id}' }", "'GET /jobs/{id}', evry: 3 }"),
      /^11 poll\.evry is not known here; there are: call, headers, body, vars, read, every$/,
    ],
    ['a pointer without /', changed('id: /id', 'id: id'), /^7 reply\.id must be a place in the reply/],
    ['a pointer with a bad escape', changed('id: /id', 'id: /a~2'), /^7 reply\.id must be a place/],
    ['an unknown expression', changed('id: /id', 'id: $response.body'), /^7 reply\.id must be a place/],
    [
      'a rule without words',
      changed('waiting: working, completed: done', 'waiting: []'),
      /^8 reply\.phase\.0\.waiting must be a word, or a list of words/,
    ],
    [
      'no words at all',
      changed(', waiting: working, completed: done', ''),
      /^8 reply\.phase\.0 needs words for one of waiting, completed/,
    ],
    ['a word twice', changed('waiting: working', 'waiting: [working, DONE]'), /^8 reply\.phase\.0 has a word twice$/],
    ['no rule', changed(/phase: .*/, 'phase: []'), /^8 reply\.phase needs a rule$/],
    ['no end', changed('completed: done', 'failed: done'), /^8 reply\.phase needs a rule with `completed`/],
    ...[401, 407, 408, 425, 429, 500, 503, 100, "'*'", '2xx'].map((status): [string, string, RegExp] => [
      `the status ${status} claimed`,
      changed('at: /status, waiting: working, completed: done', `at: $statusCode, waiting: ${status}, completed: 200`),
      /^8 reply\.phase\.0 may name statuses 2xx, 3xx and 4xx, but for 401, 407, 408, 425 and 429$/,
    ]),
    [
      'no result',
      changed('  result: /result\n', ''),
      /result is required, or reply\.result: nothing says where the result is$/,
    ],
    [
      'no id',
      changed('  id: /id\n', ''),
      /reply\.id is required, here or in submit\.read: without it the work could not be found again$/,
    ],
    [
      'a location without a place',
      changed("'GET /jobs/{id}'", "'GET {+location}'"),
      /^11 poll\.call is \{\+location\}, but no reply\.location/,
    ],
    [
      'a URL of the result without a place',
      `${GOOD}result: { call: 'GET {+url}' }`,
      /^12 result\.vars\.url is required/,
    ],
    [
      'a result that is posted',
      `${GOOD}result: { call: POST /x }`,
      /^12 result\.call must be METHOD and path, such as GET/,
    ],
    [
      'an id where there is a location',
      changed("'GET /jobs/{id}' }", "'GET {+location}' }\ncancel: { call: 'DELETE /jobs/{id}' }").replace(
        'id: /id',
        'location: /url',
      ),
      /^12 cancel\.call uses id, but poll\.call is asked by \{\+location\}/,
    ],
    [
      'a location where there is an id',
      `${GOOD}cancel: { call: 'DELETE {+location}' }`,
      /^12 cancel\.call is \{\+location\}, but poll\.call is asked by id/,
    ],
    [
      'a location before the submit',
      changed('POST /jobs', "'POST {+location}'"),
      /^10 submit\.call must be a path: a submit knows no location$/,
    ],
    [
      'a location in a lookup',
      `${GOOD}lookup: { call: 'GET {+location}', match: /ref, id: /id }`,
      /^12 lookup\.call must be a path: a lookup knows no location$/,
    ],
    [
      'a lookup of nothing',
      `${GOOD}lookup: { call: GET /jobs, match: /ref, id: /id }`,
      /^12 lookup has nothing to look for/,
    ],
    [
      'the data in a poll',
      changed("'GET /jobs/{id}' }", "'GET /jobs/{id}{?x}', vars: { x: 'data#/x' } }"),
      /^11 poll\.vars\.x uses data#\/x, which a poll does not know; it knows requestId, requestUuid, id, location$/,
    ],
    [
      'the data in a header of every call',
      changed('headers:', 'headers:\n  X-Data: { from: data#/x }'),
      /^5 headers\.X-Data uses data#\/x, which a poll does not know/,
    ],
    [
      'the id in a submit',
      changed('POST /jobs', "'POST /jobs/{id}'"),
      /^10 submit\.call uses id, which a submit does not know/,
    ],
    [
      'the body of a GET',
      changed("'GET /jobs/{id}' }", "'GET /jobs/{id}', body: {} }"),
      /^11 poll\.body is not for a GET$/,
    ],
    [
      'a method',
      changed('POST /jobs', 'HEAD /jobs'),
      /^10 submit\.call must be METHOD and path, such as GET \/jobs\/\{id\}/,
    ],
    [
      'a URL for a path',
      changed('POST /jobs', 'POST https://evil.example/'),
      /^10 submit\.call must be METHOD and path/,
    ],
    ['a path without /', changed('POST /jobs', 'POST jobs'), /^10 submit\.call must be METHOD and path/],
    ['a dot segment', changed('POST /jobs', 'POST /../jobs'), /^10 submit\.call has a dot segment$/],
    ['an encoded dot segment', changed('POST /jobs', 'POST /%2e%2E/jobs'), /^10 submit\.call has a dot segment$/],
    [
      'a value unescaped',
      changed('POST /jobs', "'POST /{+path}'"),
      /^10 submit\.call has a \{…\} that is not known: there are \{x\}, \{\?x,y\} and \{&x\}$/,
    ],
    ['an open brace', changed('POST /jobs', "'POST /{jobs'"), /^10 submit\.call has a \{…\} that is not known/],
    ['two in one', changed('POST /jobs', "'POST /{a,b}'"), /^10 submit\.call has two variables in one/],
    [
      'a character of no URL',
      changed('POST /jobs', 'POST /jöbs'),
      /^10 submit\.call has a character that no path or query has/,
    ],
    ['half an escape', changed('POST /jobs', 'POST /%2'), /^10 submit\.call has a character that no path or query has/],
    ['a fragment', changed('POST /jobs', 'POST /jobs#x'), /^10 submit\.call has a character that no path or query has/],
    [
      'a source of nothing',
      changed('POST /jobs', "'POST /{x}', vars: { x: 'dta#/x' }"),
      /^10 submit\.vars\.x must be one of data, async, callbackUrl/,
    ],
    [
      'a reference inside JSON',
      changed('POST /jobs', "POST /jobs, body: { /input: { prompt: { from: 'data#/prompt' } } }"),
      /^10 submit\.body\.\/input has a \{from: …\} or \{credential: …\} inside/,
    ],
    [
      'a source of nothing in a body',
      changed('POST /jobs', 'POST /jobs, body: { /input: { from: dta } }'),
      /^10 submit\.body\.\/input from: must be one of data/,
    ],
    [
      'a body by name',
      changed('POST /jobs', 'POST /jobs, body: { input: 1 }'),
      /^10 submit\.body\.input must be a JSON Pointer/,
    ],
    [
      'a header twice',
      changed('headers:', 'headers:\n  authorization: { credential: apiKey }'),
      /^6 headers\.Authorization is there twice/,
    ],
    [
      'a limit of parts of calls',
      `${GOOD}limit: { calls: 1.5, seconds: 1 }`,
      /^12 limit\.calls must be a whole number$/,
    ],
    ['no time', changed('}\npoll', ', keyHours: 0 }\npoll'), /^10 submit\.keyHours must be a number above 0$/],
    [
      'the hours of no key',
      changed('}\npoll', ', keyHours: 24 }\npoll'),
      /^10 submit\.keyHours says how long a key is known, but the call carries neither/,
    ],
    [
      'a signature without a secret',
      `${GOOD}callback: { id: /id, signature: standard-webhooks }`,
      /^12 callback\.credential is required with a signature/,
    ],
    [
      'a token URL that is none',
      `${GOOD}oauth2: { url: 'https://login.example.com:99999/token', clientId: apiKey, clientSecret: apiKey }`,
      /^12 oauth2\.url must be an https URL without user and fragment, or a path/,
    ],
    [
      'an unknown signature',
      `${GOOD}callback: { id: /id, signature: md5 }`,
      /^12 callback\.signature must be standard-webhooks, or/,
    ],
  ])('[N13] %s', (_, text, says) => {
    expect(mistakesIn(text).join('\n')).toMatch(new RegExp(says.source, 'm'));
  });
});
