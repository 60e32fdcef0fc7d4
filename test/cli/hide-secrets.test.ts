import { expect, test } from 'vitest';
import { SecretHider, visible } from '../../src/cli/hide-secrets.ts';
import { KEY, writtenForms } from './try-out.ts';

const KEY_NAME = 'canary-key';

function hiderOf(secrets: Record<string, string>): SecretHider {
  const hider = new SecretHider();
  for (const [name, secret] of Object.entries(secrets)) hider.add(secret, `<${name}>`);
  return hider;
}

test.each([...writtenForms(KEY), ...writtenForms('a b\\c é 😀'), JSON.stringify(JSON.stringify({ KEY }))])(
  '[N7] a secret is hidden in %s',
  (form) => {
    const hider = hiderOf({ A: KEY, B: 'a b\\c é 😀' });
    expect(hider.text(`x${form}y`)).toMatch(/^x(?:"\{[^<]*)?<[AB]>[^<]*y$/);
    expect(JSON.stringify(hider.json({ [form]: [form] }))).not.toContain(JSON.stringify(form).slice(1, -1));
  },
);

test('[N7] of secrets of which one stands in another the longer one is hidden, once', () => {
  const hider = hiderOf({ KEY: 'KEY', LONG: 'a-KEY-b', EMPTY: '', BLANK: ' ' });
  expect(hider.text('KEY a-KEY-b  ok')).toBe('<KEY> <LONG>  ok');
  expect(hider.json({ n: 7, list: [true, null], KEY: 'KEY' })).toEqual({ n: 7, list: [true, null], '<KEY>': '<KEY>' });
  expect(hiderOf({ N: '12345' }).json([12345, 1234])).toEqual(['<N>', 1234]);
});

test('[N7] the longest token there is, and the largest reply, are no work', () => {
  const hider = hiderOf({ token: 'a.b-c_'.repeat(2_730), KEY });
  const startedAt = performance.now();
  expect(hider.text(`${'a.b-c_'.repeat(2_730)}${'a.b-d '.repeat(300_000)}`)).toMatch(/^<token>a\.b-d/);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('[N7] control and invisible characters are shown, and line breaks stay', () => {
  expect(visible('a\u001b[31m\r\n\u202e\u200b\u2028é')).toBe('a\\u001b[31m\\u000d\n\\u202e\\u200b\\u2028é');
});

test('[N7][N13] of a reply that is nested deeper than JSON can be written, the upper levels are shown', () => {
  const deep = (levels: number): unknown => JSON.parse(`{"${KEY_NAME}":`.repeat(levels) + '[]' + '}'.repeat(levels));
  const shown = JSON.stringify(hiderOf({ A: KEY_NAME }).json(deep(20_000)));
  expect(shown).toMatch(/^(?:\{"<A>":){100}"…"\}{100}$/);
  expect(hiderOf({ A: KEY_NAME }).json(deep(2))).toEqual({ '<A>': { '<A>': [] } });
});
