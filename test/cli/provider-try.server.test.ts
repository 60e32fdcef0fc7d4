import { expect, test, vi } from 'vitest';
import { startFakeProvider } from '../../src/fake-provider/index.ts';
import { KEY as PLAIN_KEY } from '../providers/contracts-by-id.ts';
import { azureDocuments, fal } from '../providers/contracts-by-url.ts';
import { profileFile } from '../providers/provider-stack.ts';
import { json } from '../providers/scripted-provider.ts';
import { runCli } from './run-cli.ts';
import { KEY, quick, RENDERS, tryOut, writtenForms, type Tried } from './try-out.ts';

vi.setConfig({ testTimeout: 60_000 });

const DATA = ['--data', '{"film": 7}'];
const posts = /^POST/;

test('[N13][C4] a try submits once, polls to the end without Temporal and Redis, and says that the profile fits', async () => {
  const { provider, try: run, file } = await tryOut();
  const { code, stderr, tried, steps } = await run(...DATA);
  expect(code).toBe(0);
  expect(steps).toEqual(['submit', 'poll', 'poll']);
  expect(provider.calls(posts)).toHaveLength(1);
  expect(tried.verdict).toEqual({
    fits: true,
    sentence:
      'The profile fits: the provider took the work as r-1, said queued, working, done, and its result was read. Not tried: cancel.',
    look_at: null,
  });
  expect(tried).toMatchObject({ provider_request_id: 'r-1', go_on: null, reference: expect.stringMatching(/^req_/) });
  expect(tried.exchanges[0]).toMatchObject({
    method: 'POST',
    url: `${provider.url}/v1/renders`,
    headers: { 'x-api-key': '<EXTERNAL_API_KEY>', 'content-type': 'application/json' },
    body: JSON.stringify({ scene: { film: 7 }, reference: tried.reference }, null, 2),
    reply: { status: 201, headers: { 'content-type': 'application/json' } },
    reading: { phase: 'waiting', found: { word: 'queued', handle: 'r-1' } },
    failure: null,
  });
  expect(tried.exchanges.at(-1)?.reading).toMatchObject({
    phase: 'completed',
    found: { result: { processed_data: { url: 'film' } } },
  });
  // Before the submit, and as soon as there is a handle to lose.
  expect(stderr).toBe(
    `This submits real work to ${provider.url}, once, as ${tried.reference}. Ctrl-C ends the polls, not the work.\n` +
      `The provider has the work as r-1. To go on with it later: \`external-api provider try ${file} --id r-1\`\n`,
  );
});

test('[N13][C4][M2] of the built-in provider the token call is shown too, and no secret is', async () => {
  const secrets = { apiKey: 'canary-key', clientId: 'canary-id', clientSecret: 'canary secret/+1' };
  await using fake = await startFakeProvider({ credentials: secrets, settings: { jobDurationMs: 50 } });
  const env = {
    ...quick(fake.url),
    EXTERNAL_API_KEY: secrets.apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: secrets.clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: secrets.clientSecret,
  };
  for (const auth of ['body', 'basic']) {
    const args = ['provider', 'try', 'data-processing-v2.1', ...DATA];
    const { code, stdout, stderr } = await runCli(args, { env: { ...env, EXTERNAL_OAUTH_CLIENT_AUTH: auth } });
    const { exchanges, verdict } = JSON.parse(stdout) as Tried;
    expect({ code, fits: verdict.fits }).toEqual({ code: 0, fits: true });
    expect(exchanges.slice(0, 3).map(({ step }) => step)).toEqual(['token', 'submit', 'poll']);
    const [token, submit] = exchanges;
    expect(token?.reading).toEqual({ phase: 'token', means: 'an access token', found: { expires_in: 3600 } });
    expect(JSON.parse(token?.reply?.body ?? '')).toMatchObject({ access_token: '<token>', token_type: 'Bearer' });
    expect(`${token?.body} ${token?.headers['authorization']}`).toMatch(
      auth === 'basic'
        ? /Basic <EXTERNAL_OAUTH_CLIENT_ID>:<EXTERNAL_OAUTH_CLIENT_SECRET>/
        : /client_id=<EXTERNAL_OAUTH_CLIENT_ID>&client_secret=<EXTERNAL_OAUTH_CLIENT_SECRET>/,
    );
    expect(submit?.headers).toMatchObject({ authorization: 'Bearer <token>', 'x-api-key': '<EXTERNAL_API_KEY>' });
    for (const secret of Object.values(secrets).flatMap(writtenForms)) expect(stdout + stderr).not.toContain(secret);
  }
});

test('[N13][C4] work that is asked about by URL, and a result behind another GET, are read as the worker reads them', async () => {
  const env = { EXTERNAL_API_KEY: PLAIN_KEY };
  const azure = await tryOut({
    profile: 'azure-document-intelligence',
    contract: azureDocuments(),
    path: '',
    words: ['notStarted', 'succeeded'],
    env,
  });
  const input = ['--data', '{"model": "prebuilt-layout", "urlSource": "https://a.example/1.pdf"}'];
  const documents = await azure.try(...input);
  expect(documents).toMatchObject({ code: 0, tried: { verdict: { fits: true } } });
  const path = documents.tried.provider_request_id ?? '';
  expect(path).toMatch(/^\/documentintelligence\/.*\/analyzeResults\//);
  expect(documents.tried.exchanges[0]?.reply?.headers).toEqual({
    'operation-location': azure.provider.url + path,
    'retry-after': '1',
  });
  expect(documents.stderr).toContain(`--id '${path}'`);
  const again = await azure.try('--id', path);
  expect(again).toMatchObject({ code: 0, steps: ['poll'] });

  const queue = await tryOut({
    profile: profileFile('fal'),
    contract: fal,
    path: '',
    words: ['IN_QUEUE', 'COMPLETED'],
    env,
  });
  expect(await queue.try('--data', '{"prompt": "a cat"}')).toMatchObject({
    code: 0,
    steps: ['submit', 'poll', 'result'],
  });
  const refused = await queue.try('--data', '{"prompt": "forbidden"}');
  expect(refused).toMatchObject({ code: 1, tried: { verdict: { fits: true } } });
  expect(refused.tried.verdict.sentence).toContain('Content policy violation');
});

test('[N13][N7] secrets that a provider says back are never printed, however it writes them', async () => {
  const forms = writtenForms(KEY);
  const { try: run, provider, start } = await tryOut({ words: ['queued', 'done'] });
  const echo = forms
    .map((form, n) => `"echo${n}": "${form.includes('"') && !form.includes('\\') ? '' : form}"`)
    .join(', ');
  const header = { location: `/x?key=${encodeURIComponent(KEY)}`, 'retry-after': '0' };
  const script = (): void => {
    provider.instead(posts, { headers: header, body: `{"id": "r-1", "state": "queued", ${echo}}` });
    provider.instead(/^GET/, { headers: header, body: { id: 'r-1', state: KEY, [KEY]: [KEY], error: KEY } });
    provider.instead(/^GET/, { status: 500, body: `<p>${KEY}</p> ${forms.join(' ')}` });
    provider.instead(/^GET/, { body: { id: 'r-1', state: 'done', message: `no ${KEY}`, output: { [KEY]: KEY } } });
  };
  script();
  const { stdout, stderr, code, tried } = await run(...DATA);
  expect({ code, phases: tried.exchanges.map(({ reading }) => reading?.phase) }).toEqual({
    code: 0,
    phases: ['waiting', 'unknown', 'unclaimed', 'completed'],
  });
  script();
  const text = await start(DATA, { terminal: true }).result;
  const all = stdout + stderr + text.stdout + text.stderr;
  for (const form of forms) expect(all.toLowerCase()).not.toContain(form.toLowerCase());
  expect(tried.exchanges[0]?.reply?.headers['location']).toBe('/x?key=<EXTERNAL_API_KEY>');
  expect(tried.exchanges[1]?.reading?.found['word']).toBe('<EXTERNAL_API_KEY>');
});

test('[N13][C4] control and invisible characters of a provider are shown and not sent to the terminal', async () => {
  const { provider, start } = await tryOut();
  provider.instead(posts, { body: { id: 'r-1', state: 'work\u001b[31m\u202e\u0007ing' } });
  provider.instead(/^GET/, { status: 500, body: 'a\u001b[2J\r\nfalse line\u200b' });
  provider.work.words = ['done'];
  provider.work.take(() => 'r-1', {});
  const { stdout, stderr } = await start(DATA, { terminal: true }).result;
  // eslint-disable-next-line no-control-regex -- that is what must not be there
  expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u200b\u202e]/);
  expect(stdout).toContain('  a\\u001b[2J\\u000d\n  false line\\u200b\n');
});

test('[N13][C4] long bodies and results are cut, and it is told how much is not shown', async () => {
  const { try: run, provider } = await tryOut({ words: ['queued', 'done'] });
  provider.instead(/^GET/, { body: { id: 'r-1', state: 'done', output: 'x'.repeat(100_000) } });
  const { stdout, tried } = await run(...DATA);
  expect(stdout.length).toBeLessThan(12_000);
  expect(tried.exchanges[1]?.reply?.body).toMatch(/… \(\d+ more characters\)$/);
});

test('[N13][C4] data of any size is sent whole, and shown cut on a terminal and to a program', async () => {
  const { try: run, start, provider } = await tryOut();
  const data = { film: Array.from({ length: 200 }, (_, n) => `scene ${n}`) };
  const { code, tried } = await run('--data', JSON.stringify(data));
  expect(code).toBe(0);
  expect(tried.exchanges[0]?.body).toMatch(/"scene 9".*… \(\d+ more characters\)$/s);
  const told = await start(['--data', JSON.stringify(data)], { terminal: true }).result;
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(/"scene 9".*… \(\d+ more characters\)\nanswer {2}201/s);
  expect(provider.calls(posts).map((call) => json(call)['scene'])).toEqual([data, data]);
});

test('[N13][M9] calls keep to the limit of the profile, and polls to its pace', async () => {
  const limited = await tryOut({ profile: `${RENDERS}limit: { calls: 1, seconds: 2 }\n`, words: ['queued', 'done'] });
  expect(await limited.try(...DATA)).toMatchObject({ code: 0 });
  const [submit, poll] = limited.provider.ledger;
  expect((poll?.at ?? 0) - (submit?.at ?? 0)).toBeGreaterThan(1_900);
  const paced = await tryOut({ profile: RENDERS.replace("{id}' }", "{id}', every: 1 }") });
  paced.provider.instead(posts, { body: { id: 'r-1', state: 'queued' }, headers: { 'retry-after': '1' } });
  paced.provider.work.take(() => 'r-1', {});
  expect(await paced.try(...DATA)).toMatchObject({ code: 0 });
  const at = paced.provider.ledger.map((call) => call.at);
  expect(Math.min(...at.slice(1).map((time, n) => time - (at[n] ?? 0)))).toBeGreaterThan(900);
});

test.each<[code: number, says: RegExp, args: string[], edit?: Record<string, string>]>([
  [78, /EXTERNAL_API_KEY is required/, DATA, { EXTERNAL_API_KEY: '' }],
  [78, /EXTERNAL_API_BASE_URL must be https/, DATA, { EXTERNAL_API_BASE_URL: 'http://a.example' }],
  [2, /say what to process, once/, []],
  [2, /say what to process, once/, [...DATA, '--file', 'x']],
  [2, /the data is required, and anything JSON but null/, ['--data', 'null']],
  [2, /--id goes on with work that is there: leave the data out/, [...DATA, '--id', 'r-1']],
  [2, /--id: expected 1 to 1000 visible ASCII characters/, ['--id', '../../x']],
  [2, /has no cancel: leave --cancel out/, [...DATA, '--cancel']],
  [2, /Expected a number and a unit/, [...DATA, '--timeout', '10']],
])('[N13][C4] exit %i, %s: nothing is sent', async (code, says, args, env = {}) => {
  const { start, provider } = await tryOut({ profile: RENDERS.replace(/^cancel.*\n/m, ''), env });
  const { stdout, stderr, ...result } = await start(args).result;
  expect({ code: result.code, stdout }).toEqual({ code, stdout: '' });
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(provider.ledger).toEqual([]);
});

test('[N13][C4] a profile with mistakes ends a try with 78, and data that does not fit with 2', async () => {
  const bad = await tryOut({ profile: RENDERS.replace('/state', 'state') });
  expect(await bad.start(DATA).result).toMatchObject({
    code: 78,
    stderr: expect.stringMatching(/profile\.yaml:5 reply\.phase\.0\.at must be a place/),
  });
  const { try: run, provider } = await tryOut({
    profile: RENDERS.replace('/scene: { from: data }', "'': { from: data }, /a/b: 1"),
  });
  const { code, tried } = await run('--data', '[1]');
  expect({ code, sentence: tried.verdict.sentence }).toMatchObject({
    code: 2,
    sentence: expect.stringMatching(
      /^The data, or the --id, does not fit the profile: Nothing was sent: the data has a list/,
    ),
  });
  expect(provider.ledger).toEqual([]);
});
