import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { profileJsonSchema } from '../../src/profile/json-schema.ts';
import { shippedProfiles } from '../../src/profile/load-profile.ts';
import { runCli } from './run-cli.ts';

const PROFILE = `name: renders
baseUrl: https://api.example.com/v1
credentials: { apiKey: EXTERNAL_API_KEY }
headers: { Authorization: { credential: apiKey, scheme: Bearer } }
reply: { id: /id, phase: [{ at: /state, waiting: working, completed: done }], result: /output }
submit: { call: POST /renders, body: { '': { from: data }, /hook: { from: callbackUrl } } }
poll: { call: 'GET /renders/{id}' }
cancel: { call: 'DELETE /renders/{id}' }
callback: { id: /id }
`;

let folder: string;
const inFolder = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'external-api-provider-'));
  await writeFile(inFolder('renders.yaml'), PROFILE);
  await writeFile(inFolder('bad.yaml'), PROFILE.replace('name: renders', 'name: Renders').replace('/state', 'state'));
  await writeFile(inFolder('data.json'), '{"film": 1, "hook": "https://thief.example/"}');
  await writeFile(inFolder('reply.json'), '{"id": "r-1", "state": "working"}');
  await writeFile(inFolder('page.html'), '<html>');
});
afterAll(() => rm(folder, { recursive: true }));

const env = { EXTERNAL_API_KEY: 'canary-key', EXTERNAL_API_BASE_URL: 'https://canary.example' };
const check = (...args: string[]) =>
  runCli(['provider', 'check', ...args.map((arg) => arg.replace('FOLDER', folder))], { env });

test('[C4][N13] `provider list` has every shipped profile', async () => {
  const { code, stdout } = await runCli(['provider', 'list']);
  expect(code).toBe(0);
  const { profiles } = JSON.parse(stdout) as { profiles: { name: string; path: string }[] };
  expect(profiles.map(({ name }) => name)).toEqual(shippedProfiles());
  for (const { name, path } of profiles) expect(readFileSync(path, 'utf8')).toContain(`\nname: ${name}\n`);
  const { stdout: table } = await runCli(['provider', 'list'], { terminal: true, columns: 80 });
  expect(table).toMatch(/^data-processing-v2\.1 \(default\) +oauth2 +yes +- +yes +yours$/m);
});

test('[C4][N13][N7] `provider check` shows what would be sent, with the names of secrets and never their values', async () => {
  const { code, stdout, stderr } = await check('FOLDER/renders.yaml', '--file', 'FOLDER/data.json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toContain('canary');
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'renders',
    variables: { calls: ['EXTERNAL_API_KEY'], callbacks: [] },
    calls: [
      {
        step: 'submit',
        method: 'POST',
        url: 'https://api.example.com/v1/renders',
        headers: { authorization: 'Bearer <EXTERNAL_API_KEY>' },
        body: '{"film":1,"hook":"https://your-gateway.example/callbacks/token"}',
      },
      { step: 'poll', method: 'GET', url: 'https://api.example.com/v1/renders/sample-id', body: null },
      { step: 'cancel', method: 'DELETE', url: 'https://api.example.com/v1/renders/sample-id', body: null },
    ],
    reading: null,
  });
});

test('[C4][N13] a token call is shown, and every shipped profile has a sample of its own', async () => {
  for (const name of shippedProfiles()) {
    const { code, stderr } = await check(name);
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
  }
  const { stdout } = await check('adobe-pdf-services');
  const { calls } = JSON.parse(stdout) as { calls: { step: string; url: string; body: string }[] };
  expect(calls[0]).toMatchObject({ step: 'token', url: 'https://ims-na1.adobelogin.com/ims/token/v3' });
  expect(calls[0]?.body).toContain('client_secret=<EXTERNAL_OAUTH_CLIENT_SECRET>&scope=');
  expect(calls.at(-1)).toMatchObject({ step: 'result', headers: { accept: 'application/json' } });
  const elsewhere = await check('snowflake-sql', '--base-url', 'https://a.example/b');
  expect(elsewhere.stdout).toContain('https://a.example/b/api/v2/statements');
});

describe('a recorded reply', () => {
  test.each<[args: string[], phase: string, found: object]>([
    [['--reply', 'submit=FOLDER/reply.json', '--status', '201'], 'waiting', { handle: 'r-1', word: 'working' }],
    [['--reply', 'poll=FOLDER/reply.json'], 'waiting', { word: 'working' }],
    [['--reply', 'cancel=FOLDER/reply.json', '--status', '404'], 'unclaimed', { outcome: 'not_supported' }],
    [['--reply', 'submit=FOLDER/page.html'], 'unreadable', { why: 'it is no JSON' }],
    [['--reply', 'poll=FOLDER/page.html'], 'unreadable', { why: 'it is no JSON' }],
  ])('[C4][N13] %j reads as %s', async (args, phase, found) => {
    const { code, stdout } = await check('FOLDER/renders.yaml', ...args);
    expect(code).toBe(0);
    const { reading } = JSON.parse(stdout) as { reading: { phase: string; found: object } };
    expect(reading).toMatchObject({ phase, found });
  });

  test('[C4][N13] has headers too', async () => {
    const header = ['--header', 'Operation-Location: https://base-url.example/jobs/1', '--header', 'Retry-After: 1'];
    const { stdout } = await check(
      'azure-document-intelligence',
      '--reply',
      'submit=FOLDER/page.html',
      '--status',
      '202',
      ...header,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      needs_base_url: true,
      reading: { phase: 'waiting', found: { handle: '/jobs/1' } },
    });
  });

  test('[C4][N13] is told in words on a terminal', async () => {
    const { stdout } = await runCli(
      ['provider', 'check', inFolder('renders.yaml'), '--reply', `submit=${inFolder('reply.json')}`],
      { terminal: true, env },
    );
    expect(stdout).toContain('The reply to submit reads as waiting: the provider works on it.');
    expect(stdout).toMatch(/^ {2}handle +r-1$/m);
    expect(stdout).not.toContain('canary');
  });
});

describe('what cannot be right', () => {
  test('[C4][N13] a profile with mistakes exits 78, with each of them', async () => {
    const path = inFolder('bad.yaml');
    const { code, stdout, stderr } = await check(path);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toBe(
      `error: ${path} cannot be used as a profile:\n` +
        `  ${path}:1 name must be a letter a-z, then at most 31 of a-z 0-9 . -\n` +
        `  ${path}:5 reply.phase.0.at must be a place in the reply: a JSON Pointer such as /data/id, $statusCode, or $response.header.<name>\n`,
    );
  });

  test.each<[code: number, args: string[], says: RegExp]>([
    [78, ['replicat'], /replicat is not the name of a shipped profile \(did you mean replicate\)/],
    [78, ['./none.yaml'], /none\.yaml cannot be read: there is no such file/],
    [2, [], /missing required argument 'profile'/],
    [2, ['replicate', '--status', '200'], /--status and --header go with --reply/],
    [
      2,
      ['replicate', '--reply', 'reply.json'],
      /Expected a step and a file, such as submit=reply\.json; steps are submit, poll, cancel, lookup, result\./,
    ],
    [2, ['replicate', '--reply', 'token=reply.json'], /steps are submit/],
    [2, ['replicate', '--reply', 'lookup=FOLDER/reply.json'], /the profile replicate has no lookup/],
    [2, ['replicate', '--reply', 'poll=FOLDER/none.json'], /none\.json: there is no such file/],
    [
      2,
      ['replicate', '--reply', 'poll=FOLDER/reply.json', '--status', '99'],
      /Expected a whole number from 100 to 599\./,
    ],
    [
      2,
      ['replicate', '--reply', 'poll=FOLDER/reply.json', '--header', 'Location'],
      /Expected a name and a value, such as 'Location: \/jobs\/1'\./,
    ],
    [2, ['replicate', '--data', '{'], /--data is not JSON/],
    [
      2,
      ['replicate', '--data', '[1]'],
      /the data does not fit the profile: the data has a list where \/webhook is to be put/,
    ],
    [
      2,
      ['replicate', '--base-url', 'api.example.com'],
      /Expected an absolute URL without credentials, query or fragment\./,
    ],
  ])('[C4][N13] exit %i: %j', async (code, args, says) => {
    const { stdout, stderr, ...result } = await check(...args);
    expect({ code: result.code, stdout }).toEqual({ code, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

test('[C4][N13] `provider schema` prints what the package has as a file', async () => {
  const { code, stdout } = await runCli(['provider', 'schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(profileJsonSchema());
  const shipped = readFileSync(new URL('../../dist/profile/provider.schema.json', import.meta.url), 'utf8');
  expect(stdout).toBe(shipped);
});

test('[C4][N13][M22] docs/providers.md shows what `provider check` really prints', async () => {
  const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');
  const blocks = (language: string): string[] =>
    Array.from(page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')), ([, text = '']) => text);
  const [yaml = ''] = blocks('yaml');
  await writeFile(inFolder('sceneworks.yaml'), yaml);
  const draft = yaml
    .replace('EXTERNAL_API_KEY', 'SCENEWORKS_KEY')
    .replace('waiting: ', 'wating: ')
    .replace("'GET /renders/{id}'", "'GET /renders/{render_id}'");
  await writeFile(inFolder('draft.yaml'), draft);
  for (const [n, text] of blocks('json').entries()) {
    await writeFile(inFolder(`${['taken', 'done', 'new-word'][n]}.json`), text);
  }
  const shown = blocks('console').filter((block) => block.startsWith('$ external-api provider check'));
  expect(shown).toHaveLength(5);
  for (const block of shown) {
    const [, line = '', output] = /^\$ external-api (.*?)\n(.*)$/s.exec(block) ?? [];
    const args = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain = '']) => quoted ?? plain);
    const { stdout, stderr } = await runCli(args, { terminal: true, columns: 100, cwd: folder });
    expect(stdout + stderr).toBe(output);
  }
});
