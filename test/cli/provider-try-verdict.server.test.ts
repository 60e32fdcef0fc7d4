import { expect, test, vi } from 'vitest';
import { LOOKUP, RENDERS, tryOut } from './try-out.ts';

vi.setConfig({ testTimeout: 60_000 });

const DATA = ['--data', '{"film": 7}'];
const posts = /^POST/;

test('[N13][C4] work that fails ends a try with 1, although the profile fits', async () => {
  const { try: run } = await tryOut({ words: ['queued', 'bad'] });
  const { code, tried } = await run(...DATA);
  expect({ code, fits: tried.verdict.fits }).toEqual({ code: 1, fits: true });
  expect(tried.verdict.sentence).toContain('The provider reports the work as bad: too dark');
});

test('[N13][N10] a word that the profile does not have is told, with the member that lacks it', async () => {
  const { try: run, provider } = await tryOut({ words: ['queued', 'denoising', 'done'] });
  const passed = await run(...DATA);
  expect(passed).toMatchObject({ code: 0, tried: { verdict: { fits: true, look_at: 'reply.phase' } } });
  expect(passed.tried.verdict.sentence).toContain(
    'The profile fits, but for `reply.phase`: it does not have the word "denoising"',
  );
  provider.work.words = ['queued', 'denoising'];
  const stuck = await run(...DATA, '--timeout', '500ms');
  expect(stuck).toMatchObject({ code: 78, tried: { verdict: { fits: false, look_at: 'reply.phase' } } });
  expect(stuck.tried.exchanges.at(-1)?.reading?.means).toContain('keeps waiting');
  expect(stuck.tried.go_on).toMatch(/--id r-2$/);
});

/** Each: what the next call of that kind is answered, the member to look at, and why. */
test.each<[answer: unknown, kind: RegExp, lookAt: string, why: string, headers?: Record<string, string>]>([
  [{ state: 'queued' }, posts, 'reply.id', 'no id at /id'],
  ['<html>', posts, 'submit.call', 'it is no JSON'],
  [{}, /^GET/, 'reply.phase', 'nothing stands at /state'],
  [{ id: 'r-2', state: 'working' }, /^GET/, 'reply.id', 'it is about another id'],
  ['<html>', /^GET/, 'poll.call', 'it is no JSON'],
])('[N13][C4] %j to %s is told as not understood, because of %s', async (body, kind, lookAt, why) => {
  const { try: run, provider } = await tryOut();
  for (let n = 0; n < 3; n++) provider.instead(kind, { body });
  const { code, tried, stderr } = await run(...DATA);
  expect({ code, verdict: tried.verdict }).toMatchObject({ code: 78, verdict: { fits: false, look_at: lookAt } });
  expect(tried.verdict.sentence).toContain(why);
  expect(provider.calls(posts)).toHaveLength(1);
  if (kind === posts)
    expect(tried.verdict.sentence).toContain(`Look there for ${tried.reference} before you try again`);
  else expect(stderr).toContain('--id r-1');
});

test('[N13][N1] a lost answer is told as unknown, and is no reason to submit again, though a worker would', async () => {
  const profile = RENDERS.replace('POST /renders,', 'POST /renders, repeat: key, keyHours: 24,');
  const { try: run, provider } = await tryOut({ profile });
  provider.lose(posts);
  const { code, tried, steps } = await run(...DATA);
  expect({ code, steps, fits: tried.verdict.fits }).toEqual({ code: 1, steps: ['submit'], fits: null });
  expect(tried.exchanges[0]).toMatchObject({ reply: null, failure: { name: 'connectionLost' } });
  expect(tried.verdict.sentence).toMatch(
    /^Not known what the provider did: .* Look there for req_\w+ before you try again: it may have the work\./,
  );
  expect(provider.calls(posts)).toHaveLength(1);
});

test('[N13][N1] a lost answer is looked up where the profile can, and the work is polled', async () => {
  const { try: run, provider } = await tryOut({ profile: RENDERS + LOOKUP });
  provider.lose(posts);
  const found = await run(...DATA);
  expect(found).toMatchObject({ code: 0, steps: ['submit', 'lookup', 'poll', 'poll'] });
  expect(found.tried.provider_request_id).toBe('r-1');
  expect(provider.calls(posts)).toHaveLength(1);
  provider.lose(posts);
  for (let n = 0; n < 3; n++) provider.instead(/reference=/, { body: { items: [] } });
  const misread = await run(...DATA);
  expect(misread).toMatchObject({ code: 78, tried: { verdict: { look_at: 'lookup.items' } } });
  expect(misread.tried.verdict.sentence).toContain('before you try again');
});

test('[N13][N1] that nothing was taken is said when the list is empty for completeAfter since the call was given up', async () => {
  const profile = RENDERS + LOOKUP.replace(' }\n', ', completeAfter: 1 }\n');
  const { try: run, provider } = await tryOut({ profile, env: { EXTERNAL_API_TIMEOUT: '2' } });
  provider.hold(posts);
  const { tried, steps } = await run(...DATA);
  expect(tried.verdict).toMatchObject({ fits: null, sentence: expect.stringContaining('nothing was taken') });
  expect(provider.calls(posts)).toHaveLength(1);
  // The first look comes when the call had been on its way for longer than that.
  expect(steps.filter((step) => step === 'lookup').length).toBeGreaterThan(1);
});

test.each<
  [name: string, code: number, lookAt: string | null, says: RegExp, answer: object | null, env?: Record<string, string>]
>([
  [
    'another key',
    78,
    'headers',
    /does not let us in \(submit\)\. Either EXTERNAL_API_KEY has another value/,
    null,
    { EXTERNAL_API_KEY: 'x' },
  ],
  ['404', 78, 'submit.call', /does not take this call \(submit\)/, { status: 404, body: { message: 'no route' } }],
  ['a redirect', 78, 'submit.call', /does not take this call \(submit\)/, { status: 302 }],
  ['422', 1, 'submit.body', /does not take this input: .*no film/, { status: 422, body: { message: 'no film' } }],
  ['500', 1, null, /Not known what the provider did: Internal Server Error/, { status: 500 }],
  [
    'nobody',
    69,
    'EXTERNAL_API_BASE_URL',
    /The provider is not there: Could not connect/,
    null,
    { EXTERNAL_API_BASE_URL: 'http://127.0.0.1:1' },
  ],
])('[N13][C4] %s ends a try with %i', async (_, code, lookAt, says, answer, env = {}) => {
  const { try: run, provider } = await tryOut({ env });
  if (answer !== null) provider.instead(posts, answer);
  const result = await run(...DATA);
  expect({ code: result.code, lookAt: result.tried.verdict.look_at }).toEqual({ code, lookAt });
  expect(result.tried.verdict.sentence).toMatch(says);
  expect(provider.calls(posts).length).toBeLessThan(2);
});
