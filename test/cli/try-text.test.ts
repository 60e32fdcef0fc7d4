import { expect, test } from 'vitest';
import { SecretHider } from '../../src/cli/hide-secrets.ts';
import { shownExchange } from '../../src/cli/try-exchange.ts';
import { exchangeText } from '../../src/cli/try-text.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { RENDERS } from './try-out.ts';

function textOf(sent: string, answered: string): string {
  const call = { operation: 'submit' as const, method: 'POST' as const, path: '/v1/renders', headers: [], body: sent };
  const origin = 'https://api.example.com';
  const reply = { statusCode: 201, headers: {}, body: answered, retryAfter: null };
  const facts = { profile: profileOf(RENDERS, 'renders.yaml'), requestId: 'req_1', secrets: new SecretHider() };
  return exchangeText(
    shownExchange({ call, origin, reply, error: null, durationMs: 1 }, { ...facts, baseUrl: new URL(origin) }),
  );
}

const TAKEN = '{"id":"r-1","state":"queued"}';
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['a long text', `{"scene":"${'x'.repeat(5_000)}"}`],
  ['many lines', JSON.stringify({ scene: Array.from({ length: 200 }, (_, n) => n) })],
])('[N13][C4] of a body with %s the beginning is shown, and how much follows', (_, sent) => {
  expect(textOf(sent, TAKEN)).toMatch(/\{\n {4}"scene": [^]*… \(\d+ more characters\)\nanswer {2}201\n/);
});

test('[N13][C4] a reply in more levels than JSON can be written in is shown and read', () => {
  const text = textOf('{}', `{"id":"r-1","state":"queued","more":${nested(20_000)}}`);
  expect(text).toMatch(/\nanswer {2}201\n[^]*\n {4}"id": "r-1"[^]*\nreads {3}waiting: /);
  expect(text).toContain('handle        r-1');
});
