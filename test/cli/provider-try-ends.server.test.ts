import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as allOf } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { startRawServer } from '../helpers/raw-server.ts';
import { CLI } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { KEY as PLAIN_KEY, replicate } from '../providers/contracts-by-id.ts';
import { startScriptedProvider, type Contract } from '../providers/scripted-provider.ts';
import { runCli, startCli } from './run-cli.ts';
import { quick, tryOut, type Tried } from './try-out.ts';

vi.setConfig({ testTimeout: 60_000 });

const DATA = ['--data', '{"film": 7}'];
const posts = /^POST/;

test('[N13][C4] Ctrl-C ends the polls and says how to go on, and that submits nothing', async () => {
  const { provider, start, try: run, file } = await tryOut({ words: ['queued', 'working'] });
  const running = start(DATA);
  await running.said(/--id r-1/);
  running.interrupt();
  const { code, stdout } = await running.result;
  const { verdict, go_on: goOn } = JSON.parse(stdout) as Tried;
  expect({ code, goOn }).toEqual({ code: 130, goOn: `external-api provider try ${file} --id r-1` });
  expect(verdict.sentence).toContain('Ctrl-C ended the try');
  provider.work.jobs[0]?.become('done');
  expect(await run('--id', 'r-1')).toMatchObject({ code: 0, steps: ['poll'], tried: { reference: null } });
  expect(provider.calls(posts)).toHaveLength(1);
});

describe('Ctrl-C while the answer to the submit is out', () => {
  async function submitting() {
    let answer: () => void = () => {};
    const server = await startRawServer({
      onCall: ({ method }, res) => {
        answer = () => res.end(JSON.stringify({ id: 'r-1', state: method === 'POST' ? 'queued' : 'done', output: 1 }));
      },
    });
    onTestFinished(() => server.close());
    const { start } = await tryOut({ env: { EXTERNAL_API_BASE_URL: server.url } });
    const running = start(DATA);
    await waitUntil('the submit arrived', () => server.calls.length === 1);
    running.interrupt();
    await running.said(/its answer is waited for/);
    return { running, server, answer: () => answer() };
  }

  test('[N13][N1] waits for that answer, so that the handle of the work is not lost', async () => {
    const { running, server, answer } = await submitting();
    answer();
    const { code, stdout, stderr } = await running.result;
    expect(code).toBe(130);
    expect((JSON.parse(stdout) as Tried).go_on).toMatch(/--id r-1$/);
    expect(stderr).toContain('The provider has the work as r-1.');
    expect(server.calls).toHaveLength(1);
  });

  test('[N13][N1] and again, ends at once: what the provider did is then not known', async () => {
    const { running } = await submitting();
    running.interrupt();
    const { code, stdout } = await running.result;
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as Tried).verdict.sentence).toMatch(
      /^Not known what the provider did: Ctrl-C ended the wait for the answer to the submit\. Look there for req_/,
    );
  });
});

test('[N13][N14] Ctrl-C before the submit sends nothing', async () => {
  await using tokens = await startRawServer({
    onToken: (_call, res) => void setTimeout(() => res.end('{"access_token": "t", "expires_in": 60}'), 1_000),
  });
  const env = { ...quick(tokens.url), EXTERNAL_OAUTH_CLIENT_ID: 'id', EXTERNAL_OAUTH_CLIENT_SECRET: 'secret' };
  const running = startCli(['provider', 'try', 'data-processing-v2.1', ...DATA], { env });
  await waitUntil('the token call arrived', () => tokens.calls.length === 1);
  running.interrupt();
  const { code, stdout } = await running.result;
  expect({ code, exchanges: tokens.arrivals() }).toEqual({ code: 130, exchanges: [] });
  expect((JSON.parse(stdout) as Tried).verdict.sentence).toMatch(/before the provider took anything\.$/);
});

test('[N13][C4] a timeout ends the polls with 4 and says how to go on', async () => {
  const { try: run } = await tryOut({ words: ['queued', 'working'] });
  const { code, tried } = await run(...DATA, '--timeout', '500ms');
  expect({ code, fits: tried.verdict.fits }).toEqual({ code: 4, fits: null });
  expect(tried.verdict.sentence).toMatch(/^The profile fits so far: .*said working last\. The --timeout was over\.$/);
  expect(tried.go_on).toMatch(/--id r-1$/);
});

test('[N13][N11] --cancel asks to stop as soon as there is work, and tells what came of it', async () => {
  const { try: run, provider } = await tryOut({ words: ['queued', 'working'] });
  const stopped = await run(...DATA, '--cancel');
  expect(stopped).toMatchObject({ code: 0, steps: ['submit', 'cancel'] });
  expect(stopped.stderr).toContain('The provider was asked to stop: cancelled.');
  provider.instead(/^DELETE/, { status: 202 });
  provider.work.words = ['queued', 'stopped'];
  const asked = await run(...DATA, '--cancel');
  expect(asked).toMatchObject({ code: 0, steps: ['submit', 'cancel', 'poll'] });
  expect(asked.tried.verdict.sentence).toContain('the cancel ended it');
  provider.instead(/^DELETE/, { status: 405 });
  provider.work.words = ['queued', 'done'];
  const none = await run(...DATA, '--cancel');
  expect(none).toMatchObject({ code: 0, tried: { verdict: { look_at: 'cancel.call' } } });
  const vendor = await tryOut({
    profile: 'replicate',
    contract: replicate,
    words: ['starting'],
    env: { EXTERNAL_API_KEY: PLAIN_KEY },
  });
  expect(await vendor.try('--data', '{"version": "1", "input": {}}', '--cancel')).toMatchObject({ code: 0 });
});

test('[N13][C4][M22] docs/providers.md shows what `provider try` really prints', async () => {
  const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');
  const [, profile = ''] = /^```yaml\n(# yaml-language-server.*?)^```$/ms.exec(page) ?? [];
  const [, block = '', args = ''] = /^(\$ external-api provider try \S+ (.*)\n[^]*?)^```$/m.exec(page) ?? [];
  const { cert, key } = createSelfSignedCertificate('*.sceneworks.example');
  const render = { id: 81, state: 'queued', created: '2026-05-04T10:00:00Z' };
  const manifest = 'https://files.sceneworks.example/81.json?sig=1f';
  const contract: Contract = ({ method, path }) => {
    if (method === 'POST') return { status: 202, body: { render } };
    if (path === '/v1/renders/81') return { body: { render: { ...render, state: 'done', manifest_url: manifest } } };
    return { body: { frames: 240 } };
  };
  await using provider = await startScriptedProvider(contract, { cert, key });
  await using proxy = await startConnectProxy({ ports: { 443: provider.port } });
  const folder = await mkdtemp(join(tmpdir(), 'external-api-try-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'sceneworks.yaml'), profile);
  const env = { EXTERNAL_API_KEY: 'canary', EXTERNAL_API_PROXY_URL: proxy.url, EXTERNAL_API_CA: cert };
  const words = Array.from(args.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain = '']) => quoted ?? plain);
  const { stdout, stderr } = await runCli(['provider', 'try', 'sceneworks.yaml', ...words], {
    env,
    cwd: folder,
    terminal: true,
    columns: 100,
  });
  const withoutIds = (text: string): string => text.replace(/req_\w{26}/g, 'req_…');
  expect(`$ external-api provider try sceneworks.yaml ${args}\n${withoutIds(stderr + stdout)}`).toBe(withoutIds(block));
  // As docs/providers.md says it: a foreign origin gets no credential.
  expect(provider.calls(/81\.json/)[0]?.headers['x-api-key']).toBeUndefined();
});

test('[N13][C4] who stops reading its messages still gets what it found', async () => {
  const { file, env, provider } = await tryOut();
  const child = spawn(process.execPath, [CLI, 'provider', 'try', file, ...DATA], {
    env: { PATH: process.env['PATH'], ...env },
  });
  child.stderr.destroy();
  const [stdout] = await Promise.all([allOf(child.stdout), once(child, 'close')]);
  expect(provider.calls(posts)).toHaveLength(1);
  expect(JSON.parse(stdout)).toMatchObject({ provider_request_id: 'r-1', verdict: { fits: true } });
  expect(child.exitCode).toBe(0);
});
