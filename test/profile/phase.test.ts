import { describe, expect, test } from 'vitest';
import { cancelOutcome } from '../../src/profile/cancel-outcome.ts';
import { readReply, type Reading } from '../../src/profile/read-reply.ts';
import { profileWith, readFacts } from './facts.ts';

/** Reads a poll by rules. */
function poll(rules: string, body: unknown, status = 200, more = ''): Reading {
  const profile = profileWith(more, { reply: `id: /id\n  error: [/error, /message]` });
  const rulesOf = profileWith(`cancel: { call: 'POST /x', read: { phase: ${rules} } }\n${more}`).cancel?.read?.phase;
  const reply = {
    status,
    headers: { 'x-state': 'Done' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const read = { ...profile, poll: { ...profile.poll, read: { phase: rulesOf } } } as typeof profile;
  return readReply(read, 'poll', reply, readFacts(read, { handle: '1' }));
}

describe('the first rule that has the word decides', () => {
  const TWO = '[{ at: /result, completed: ok, failed: bad }, { at: /life, waiting: [run, wait], failed: broken }]';
  test.each<[body: unknown, phase: string, word: string | null]>([
    [{ life: 'run' }, 'waiting', 'run'],
    [{ life: ' RUN ' }, 'waiting', ' RUN '.trim()],
    [{ life: 'run', result: 'ok' }, 'completed', 'ok'],
    [{ life: 'run', result: null }, 'waiting', 'run'],
    [{ life: 'run', result: '' }, 'waiting', 'run'],
    [{ life: 'broken', result: 'new word' }, 'failed', 'broken'],
    [{ life: 'ended', result: 'new word' }, 'unknown', 'new word'],
    [{ life: 'ended' }, 'unknown', 'ended'],
    [{ life: { deep: 1 } }, 'unknown', ''],
    [{ life: 7 }, 'unknown', '7'],
    [{ other: 1 }, 'unreadable', null],
    [{}, 'unreadable', null],
    [[], 'unreadable', null],
    ['null', 'unreadable', null],
    ['<html>', 'unreadable', null],
  ])('[N10][N13] %j is %s', (body, phase, word) => {
    expect(poll(TWO, body)).toMatchObject({ phase, word });
  });

  test('[N13] what is missing is told with its places', () => {
    expect(poll(TWO, {}).why).toBe('nothing stands at /result, /life');
    expect(poll(TWO, '<html>').why).toBe('it is no JSON');
  });
});

describe('anything at all', () => {
  test.each<[rules: string, body: unknown, phase: string]>([
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true, waiting: false }]",
      { error: { code: 1 }, done: true },
      'failed',
    ],
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true, waiting: false }]",
      { error: 0, done: true },
      'failed',
    ],
    // The ways in which "no error" is written.
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true }]",
      { error: null, done: true, result: 1 },
      'completed',
    ],
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true }]",
      { error: [], done: true, result: 1 },
      'completed',
    ],
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true }]",
      { error: {}, done: true, result: 1 },
      'completed',
    ],
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true }]",
      { error: false, done: true, result: 1 },
      'completed',
    ],
    [
      "[{ at: /error, failed: '*' }, { at: /done, completed: true }]",
      { error: '', done: true, result: 1 },
      'completed',
    ],
    ["[{ at: /error, failed: '*' }, { at: /done, completed: true }]", { error: [], done: false }, 'unknown'],
    // A word before anything.
    ["[{ at: /code, refused: THROTTLED, failed: '*' }]", { code: 'throttled' }, 'refused'],
    ["[{ at: /code, refused: THROTTLED, failed: '*' }]", { code: 'OTHER' }, 'failed'],
    ["[{ at: /code, cancelled: 1, failed: '*' }]", { code: 1 }, 'cancelled'],
    // What is done because something is there is done with its result.
    ["[{ at: /result, completed: '*' }, { at: /status, waiting: run }]", { result: [] }, 'completed'],
    ["[{ at: /ended, completed: '*' }, { at: /status, waiting: run }]", { ended: 'now', result: 0 }, 'completed'],
    ["[{ at: /ended, completed: '*' }, { at: /status, waiting: run }]", { ended: 'now', status: 'run' }, 'waiting'],
    ["[{ at: /ended, completed: '*' }, { at: /status, waiting: run }]", { ended: 'now' }, 'unknown'],
  ])('[N10][N13] by %s, %j is %s', (rules, body, phase) => {
    expect(poll(rules, body).phase).toBe(phase);
  });

  test('[N10][N13] what is only there is not taken for the word', () => {
    const rules = "[{ at: /ended, completed: '*' }, { at: /status, waiting: run }]";
    expect(poll(rules, { ended: 'now', status: 'new' })).toMatchObject({ phase: 'unknown', word: 'new' });
    expect(poll(rules, { ended: 'now', status: 'new', result: 1 })).toMatchObject({ phase: 'completed', word: null });
  });

  test('[N13] with a GET of the result, what is there is enough', () => {
    expect(poll("[{ at: /ended, completed: '*' }]", { ended: 'now' }, 200, 'result: { call: GET /x }')).toMatchObject({
      phase: 'completed',
      fetch: {},
      result: null,
    });
  });
});

describe('statuses', () => {
  const RULES =
    '[{ at: $statusCode, waiting: [202, 302, 404], completed: 200, failed: 422 }, { at: /code, refused: SLOW, failed: bad }]';
  test.each<[status: number, body: unknown, phase: string]>([
    [200, { result: 1 }, 'completed'],
    [202, '', 'waiting'],
    [302, '', 'waiting'],
    [404, {}, 'waiting'],
    [422, { error: 'no' }, 'failed'],
    [403, { code: 'SLOW' }, 'refused'],
    [400, { code: 'slow' }, 'refused'],
    // What stands in an answer that is no 2xx says nothing else.
    [403, { code: 'bad' }, 'unclaimed'],
    [400, {}, 'unclaimed'],
    [301, {}, 'unclaimed'],
    // Nobody claims these, whatever they say.
    ...[401, 407, 408, 425, 429, 500, 502, 503].map((status): [number, unknown, string] => [
      status,
      { code: 'SLOW' },
      'unclaimed',
    ]),
    [201, {}, 'unreadable'],
    [204, '', 'waiting'],
  ])('[N13][M5] %i with %j is %s', (status, body, phase) => {
    expect(poll(RULES, body, status).phase).toBe(phase);
  });

  test('[N13] a status is shown as one, and a failure with its reason', () => {
    expect(poll(RULES, { error: 'no\nspace' }, 422)).toMatchObject({ word: 'HTTP 422', error: 'no space' });
    expect(poll(RULES, { message: 'wait' }, 400)).toMatchObject({ word: null, error: 'wait' });
  });
});

test('[N13] a header is a place', () => {
  expect(poll('[{ at: $response.header.X-State, completed: done }]', { result: 1 })).toMatchObject({
    phase: 'completed',
    word: 'Done',
  });
  expect(poll('[{ at: $response.header.x-other, completed: done }]', { result: 1 }).phase).toBe('unreadable');
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '*'])(
  '[N10][N13] the word %s is one as any other',
  (word) => {
    expect(poll('[{ at: /status, waiting: run }]', { status: word })).toMatchObject({ phase: 'unknown', word });
    expect(poll(`[{ at: /${word}, completed: '*' }]`, '{}').phase).toBe('unreadable');
  },
);

test.each<[Reading['phase'], number, ReturnType<typeof cancelOutcome>]>([
  ['cancelled', 200, 'cancelled'],
  ['failed', 200, 'cancelled'],
  ['completed', 200, 'finished'],
  ['waiting', 202, 'asked'],
  ['unknown', 200, 'asked'],
  ['unreadable', 204, 'asked'],
  ['unclaimed', 409, 'asked'],
  ['unclaimed', 404, 'not_supported'],
  ['unclaimed', 405, 'not_supported'],
  ['unclaimed', 501, 'not_supported'],
  ['unclaimed', 400, null],
  ['unclaimed', 401, null],
  ['unclaimed', 503, null],
  ['refused', 200, null],
])('[N11][N13] a cancel that is read as %s, with %i, is %s', (phase, status, outcome) => {
  expect(cancelOutcome({ phase } as Reading, status)).toBe(outcome);
});

test.each<[body: unknown, outcome: string]>([
  [{ error: 'it runs, and cannot be stopped' }, 'asked'],
  [{ error: { code: 9 } }, 'asked'],
  [{ status: 'failed', error: 'out of memory' }, 'cancelled'],
  [{ status: 'working', error: {} }, 'asked'],
])(
  '[N11][N13] to a cancel, %j with 200 is: %s; an error without a word for it may say that nothing was stopped',
  (body, outcome) => {
    const rules = "[{ at: /status, waiting: working, failed: failed }, { at: /error, failed: '*' }]";
    const profile = profileWith(`cancel: { call: 'DELETE /jobs/{id}', read: { phase: ${rules} } }`);
    const reply = { status: 200, headers: {}, body: JSON.stringify(body) };
    const reading = readReply(profile, 'cancel', reply, readFacts(profile, { handle: '1' }));
    expect(cancelOutcome(reading, 200)).toBe(outcome);
  },
);
