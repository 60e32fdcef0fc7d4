import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './run-cli.ts';

const SOME_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const MAYBE_STARTED = `The request may have been started as ${SOME_ID}: read its status before you repeat it.`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'external-api-cli-'));
  await writeFile(join(folder, 'broken.json'), '{\n  "a": 1,\n  b: 2\n}\n');
  await writeFile(join(folder, 'latin1.json'), Buffer.from('"caf\u00e9"', 'latin1'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a command line that cannot be right exits 2 and says so in one line', () => {
  const inFolder = (name: string): string => join(folder, name);
  test.each<{ title: string; args: () => string[]; says: RegExp; stdin?: string }>([
    { title: 'unknown command', args: () => ['reslt'], says: /unknown command 'reslt'\n\(Did you mean result\?\)$/ },
    {
      title: 'unknown option',
      args: () => ['process', '--asnyc'],
      says: /unknown option '--asnyc'\n\(Did you mean --async\?\)$/,
    },
    { title: 'an id that cannot be ours', args: () => ['status', 'req_1'], says: /Expected req_ and 26 digits/ },
    { title: 'too many arguments', args: () => ['status', SOME_ID, SOME_ID], says: /too many arguments/ },
    { title: 'no data', args: () => ['process'], says: /--data '\{…\}', --file <path>, or -/ },
    {
      title: '--data and --file',
      args: () => ['process', '--data', '1', '--file', 'x'],
      says: /once: --data '\{…\}', --file <path>, or -/,
    },
    { title: '--data and -', args: () => ['process', '--data', '1', '-'], says: /once: --data/ },
    { title: 'a file as argument', args: () => ['process', 'x.json'], says: /'x\.json': use --file/ },
    {
      title: '--data that is not JSON',
      args: () => ['process', '--data', '{a:1}'],
      says: /--data is not JSON: Expected property name or '\}' at line 1, column 2\. Quote it for the shell/,
    },
    {
      title: 'a number that would be another one',
      args: () => ['process', '--data', '{"account":9007199254740993}'],
      says: /account in --data is 9007199254740993, and integers are exact up to 9007199254740991 only: send it as a string/,
    },
    {
      title: 'a member that is there twice',
      args: () => ['process', '-'],
      stdin: '{"a":1,"a":2}',
      says: /a in standard input is there twice: send each member once/,
    },
    {
      title: 'a file that is not JSON',
      args: () => ['process', '--file', inFolder('broken.json')],
      says: /broken\.json is not JSON: Expected double-quoted property name at line 3, column 3\.$/,
    },
    {
      title: 'a file that is not UTF-8',
      args: () => ['process', '--file', inFolder('latin1.json')],
      says: /latin1\.json is not UTF-8 text$/,
    },
    {
      title: 'stdin that is not JSON',
      args: () => ['process', '-'],
      stdin: '',
      says: /standard input is not JSON: Unexpected end of JSON input\.$/,
    },
    {
      title: 'a missing file',
      args: () => ['process', '--file', inFolder('none.json')],
      says: /none\.json: there is no such file$/,
    },
    { title: 'a directory', args: () => ['process', '--file', folder], says: /: it is a directory$/ },
    { title: 'data null', args: () => ['process', '--data', 'null'], says: /the data is required, and anything JSON/ },
    {
      title: 'a bad callback URL',
      args: () => ['process', '--data', '1', '--callback-url', 'ftp://x'],
      says: /--callback-url must be an absolute https URL/,
    },
    {
      title: 'a bad key and a bad tenant, both told',
      args: () => ['process', '--data', '1', '--key', 'a b', '--tenant', '-'],
      says: /--key must be .*; --tenant must be /,
    },
    {
      title: 'a duration without a unit',
      args: () => ['process', '--data', '1', '--deadline', '10'],
      says: /Expected a number and a unit, such as 90s, 10m or 2h; at most 30d\.$/,
    },
    { title: 'a wait of no time', args: () => ['result', SOME_ID, '--timeout', '0s'], says: /Expected a number and/ },
    { title: 'an unknown status', args: () => ['list', '--status', 'done'], says: /choices are running, completed/ },
    { title: 'a limit of 0', args: () => ['list', '--limit', '0'], says: /Expected a whole number from 1 to/ },
    { title: 'a bad tenant', args: () => ['list', '--tenant', "a' OR 1"], says: /--tenant must be 1 to 64/ },
    {
      title: 'an unknown mode',
      args: () => ['process', '--data', '1', '--idempotency', 'maybe'],
      says: /choices are none, key, resend\.$/,
    },
    {
      title: 'a bad kind',
      args: () => ['process', '--data', '1', '--kind', 'a b'],
      says: /^error: --kind must be 1 to 64 of A-Z a-z 0-9 \. _ -, a letter or digit first$/,
    },
    {
      title: 'a key and --coalesce',
      args: () => ['process', '--data', '1', '--coalesce', '--key', 'k'],
      says: /option '--coalesce' cannot be used with option '--key <key>'$/,
    },
    {
      title: 'an unknown class',
      args: () => ['process', '--data', '1', '--priority', 'high'],
      says: /choices are interactive, bulk\.$/,
    },
    {
      title: 'an unknown use of the cache',
      args: () => ['process', '--data', '1', '--cache', 'no'],
      says: /choices are read, refresh, off\.$/,
    },
    {
      title: 'an answer of no request of ours',
      args: () => ['cache', 'invalidate', '--request', 'req_1'],
      says: /option '--request <id>' argument 'req_1' is invalid\. Expected req_ and 26 digits or upper-case letters/,
    },
    {
      title: 'a decision without a reason',
      args: () => ['resolve', SOME_ID, 'abandon'],
      says: /required option '--reason <text>' not specified$/,
    },
    {
      title: 'a blank reason and nobody',
      args: () => ['resolve', SOME_ID, 'abandon', '--reason', ' ', '--by', ''],
      says: /--by must say who decides.*; --reason must say why/,
    },
    {
      title: 'an unknown decision',
      args: () => ['resolve', SOME_ID, 'retry', '--reason', 'x'],
      says: /choices are resubmit, adopt, abandon\.$/,
    },
    {
      title: 'no decision',
      args: () => ['resolve', SOME_ID, '--reason', 'x'],
      says: /say which request and what to decide: resolve <id> resubmit\|adopt\|abandon/,
    },
    {
      title: 'an adoption of nothing',
      args: () => ['resolve', SOME_ID, 'adopt', '--reason', 'x'],
      says: /adopt needs --provider-id/,
    },
    {
      title: 'a malformed adoption id',
      args: () => ['resolve', SOME_ID, 'adopt', '--provider-id', '../x', '--reason', 'x'],
      says: /--provider-id is the provider's id of the work: 1 to 1000 visible ASCII characters/,
    },
    {
      title: 'an id without an adoption',
      args: () => ['resolve', SOME_ID, 'resubmit', '--provider-id', 'job-1', '--reason', 'x'],
      says: /--provider-id goes with adopt only$/,
    },
    {
      title: 'an adoption of all',
      args: () => ['resolve', '--all', 'adopt', '--older-than', '10m', '--reason', 'x'],
      says: /'adopt' is invalid\. Allowed choices are resubmit, abandon\.$/,
    },
    {
      title: '--all of any age',
      args: () => ['resolve', '--all', 'abandon', '--reason', 'x'],
      says: /--all needs --older-than/,
    },
    {
      title: '--all and an id',
      args: () => ['resolve', SOME_ID, '--all', 'abandon', '--older-than', '10m', '--reason', 'x'],
      says: /name one request, or all of them with --all, not both$/,
    },
    {
      title: '--all by nobody',
      args: () => ['resolve', '--all', 'abandon', '--older-than', '10m', '--reason', 'x', '--by', ' '],
      says: /--by must say who decides/,
    },
    {
      title: '--yes for one request',
      args: () => ['resolve', SOME_ID, 'abandon', '--reason', 'x', '--yes'],
      says: /--yes goes with --all only$/,
    },
    { title: 'no retention', args: () => ['setup', '--retention', '0'], says: /Expected a whole number from 1/ },
  ])('[C4] $title', async ({ args, says, stdin }) => {
    const { code, stdout, stderr } = await runCli(args(), { ...(stdin !== undefined && { stdin }) });
    expect(stderr.trimEnd()).toMatch(says);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/^ +at /m);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

test('[C4] without a command the help goes to stderr, exit 2', async () => {
  const { code, stdout, stderr } = await runCli([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('process [-]');
});

test.each(['--help', 'status --help', 'help worker', 'gateway --help', 'fake-provider --help'])(
  '[C4] `%s` documents the exit codes, exit 0',
  async (line) => {
    const { code, stdout, stderr } = await runCli(line.split(' '));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const exit of [0, 1, 2, 3, 4, 69, 74, 78, 130]) expect(stdout).toMatch(new RegExp(`^  ${exit} +\\w`, 'm'));
  },
);

test('[C4][M8] a bad environment is named, exit 78', async () => {
  const env = { EXTERNAL_API_REQUEST_DEADLINE: 'soon', TEMPORAL_ADDRESS: 'http://localhost' };
  const { code, stdout, stderr } = await runCli(['status', SOME_ID], { env });
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toMatch(/EXTERNAL_API_REQUEST_DEADLINE must be/);
  expect(stderr).toMatch(/TEMPORAL_ADDRESS must be/);
});

test(
  '[C4] a Temporal server that does not answer ends every command within seconds, exit 69',
  { timeout: 30_000 },
  async () => {
    // Takes connections and never says a word.
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const env = { TEMPORAL_ADDRESS: `127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const lines = [
      ['process', '--data', '1'],
      ['status', SOME_ID],
      ['why', SOME_ID],
      ['result', SOME_ID],
      ['cancel', SOME_ID],
      ['resolve', SOME_ID, 'abandon', '--reason', 'x'],
      ['resolve', '--all', 'abandon', '--older-than', '10m', '--reason', 'x'],
      ['list'],
      ['setup'],
    ];
    const results = await Promise.all(lines.map((args) => runCli(args, { env })));
    const silence =
      `error: The Temporal server at ${env.TEMPORAL_ADDRESS} (from TEMPORAL_ADDRESS) did not answer. It listens, and ` +
      'does not answer. Check that address, and that the server is up.';
    for (const [n, { code, stdout, stderr }] of results.entries()) {
      if (lines[n]?.[0] !== 'process') expect(stderr).toBe(`${silence}\n`);
      else expect(stderr.replace(/req_\w{26}/, SOME_ID)).toBe(`${silence} ${MAYBE_STARTED}\n`);
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    }
    silent.close();
  },
);
