import { expect, test } from 'vitest';
import { profileOf } from '../../src/profile/load-profile.ts';
import { changed, GOOD, mistakesIn } from './good-profile.ts';

test.each<[what: string, text: string, says: string]>([
  [
    'an alias',
    changed('POST /jobs', '&a POST /jobs').replace("'GET /jobs/{id}'", '*a'),
    '11 has an alias (*): write the value out, each time',
  ],
  ['an anchor', changed('POST /jobs', '&a POST /jobs'), '10 has an anchor (&): a profile has no aliases'],
  ['an anchored object', changed('headers:', 'headers: &h'), '5 has an anchor (&): a profile has no aliases'],
  ['an alias of nothing', changed('POST /jobs', '*a'), '10 has an alias (*): write the value out, each time'],
  [
    'aliases that grow',
    `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n${GOOD}`,
    '1 has an anchor (&): a profile has no aliases',
  ],
  ['a merge', changed('headers:', 'headers:\n  <<: { X-A: b }'), '5 headers.<< must be the name of a header'],
  ['a key twice', `${GOOD}name: other\n`, '12 has a key that was there before: each stands once'],
  [
    'a key twice in an inner object',
    changed('{ at: /status,', '{ at: /status, at: /other,'),
    '8 has a key that was there before: each stands once',
  ],
  ['a key twice, written otherwise', `${GOOD}"name": other\n`, '12 has a key that was there before: each stands once'],
  ['a key that is a list', `${GOOD}? [a]\n: 1\n`, '12 has a key that is no text'],
  ['a tag', changed('name: example', 'name: !!binary ZXhhbXBsZQ=='), '1 has a tag (!): plain values only'],
  ['a tag of our own', changed('name: example', 'name: !secret example'), '1 has a tag (!): plain values only'],
  ['two documents', `${GOOD}---\n${GOOD}`, '12 has a second document (---): one profile in a file'],
  ['another version', `%YAML 1.1\n---\n${GOOD}`, '1 has a %YAML directive: expected YAML 1.2, without one'],
  ['__proto__', `${GOOD}__proto__: { x: 1 }\n`, '12 has a member __proto__, which is none'],
  [
    'a number that no double keeps',
    changed('POST /jobs', 'POST /jobs, body: { /n: 9007199254740993 }'),
    '10 is 9007199254740993, and integers are exact up to 9007199254740991 only: send it as a string',
  ],
  ['a bracket that is not closed', changed('phase: [', 'phase: [['), '9 is no YAML 1.2: '],
  ['a tab', changed('  id', '\tid'), '7 is no YAML 1.2: '],
])('[N13] %s', (_, text, says) => {
  expect(mistakesIn(text).join('\n')).toContain(says);
});

test('[N13] of syntax the first mistake alone is told, and a call that needs quotes is told so', () => {
  expect(mistakesIn(changed("'GET /jobs/{id}'", 'GET /jobs/{id}'))).toEqual([
    expect.stringMatching(
      /^11 is no YAML 1\.2: .*Inside \{ \} a call with \{…\} stands in quotes: 'GET \/jobs\/\{id\}'$/,
    ),
  ]);
  expect(mistakesIn(changed('  id', '\tid'))).toHaveLength(1);
});

test('[N13] yes, on and 012 are words, as YAML 1.2 has them', () => {
  const text = changed('waiting: working', 'waiting: [yes, on, 012, 1.0, true]');
  const [rule] = profileOf(text, 'x').reply.phase ?? [];
  expect(rule?.waiting).toEqual(['yes', 'on', '12', '1', 'true']);
});

test.each([
  ['lists', '['.repeat(100_000)],
  ['closed lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['objects', '{a: '.repeat(60_000)],
  ['lists of blocks', `\n  ${'- '.repeat(100_000)}`],
  ['keys', `\n  ${'? '.repeat(100_000)}`],
  ['one level too much', `${'['.repeat(50)}${']'.repeat(50)}`],
])('[N13] %s without end are a mistake, and end nothing', (_, deep) => {
  expect(mistakesIn(`${GOOD}x: ${deep}`)).toEqual(['is nested deeper than 50 levels']);
});

test('[N13] a profile may be nested as deep as any is', () => {
  const deep = `${'['.repeat(40)}1${']'.repeat(40)}`;
  expect(mistakesIn(changed('POST /jobs', `POST /jobs, body: { /a: ${deep} }`))).toEqual([]);
});
