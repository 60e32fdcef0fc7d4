import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tellOfKeys } from '../../src/cli/tell-of-keys.ts';
import { keysOfFile } from '../../src/config/api-keys.ts';
import { loadGatewayConfig } from '../../src/config/gateway-config.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { parsedLines } from '../helpers/parsed-lines.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { digestOf, startGateway } from './running-gateway.ts';

const LINE = { OLD: `acme:${digestOf('old-canary')}\n`, NEW: `acme:${digestOf('new-canary')}\n` };

/** A folder for one test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'keys-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A gateway whose keys are in the file, and the status of an answer to a key. */
async function gatewayOf(file: string) {
  const { apiKeys, apiKeysFile } = loadGatewayConfig({ GATEWAY_API_KEYS_FILE: file });
  if (apiKeys === null) throw new Error('no keys');
  expect(apiKeysFile).toBe(file);
  const { lines, stream } = parsedLines();
  const listener = tellOfKeys(file, createLogger({ level: 'info', name: 'gateway' }, stream));
  const { url } = await startGateway({ apiKeys: keysOfFile(file, apiKeys, listener), trustedProxies: ['loopback'] });
  let asked = 0;
  /** Each from an address of its own: those that fail are slowed down. */
  const status = (key: string): Promise<Response> =>
    fetch(`${url}/api/external/status/req_${'0'.repeat(26)}`, {
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': `2001:db8:0:${(++asked).toString(16)}::1` },
    });
  return {
    lines,
    events: () => lines.map(({ event }) => event),
    /** 404: the key is good; 401: it is not. */
    answerTo: async (key: string): Promise<number> => (await status(key)).status,
  };
}

type Gateway = Awaited<ReturnType<typeof gatewayOf>>;

async function turned({ answerTo }: Gateway): Promise<void> {
  await waitUntil('the new key is good', async () => (await answerTo('new-canary')) === 404, 10_000);
  await waitUntil('the old key is not', async () => (await answerTo('old-canary')) === 401, 10_000);
}

test.each<[string, (file: string) => void]>([
  ['written anew', (file) => writeFileSync(file, LINE.NEW)],
  [
    'replaced by a rename',
    (file) => {
      writeFileSync(`${file}.new`, LINE.NEW);
      renameSync(`${file}.new`, file);
    },
  ],
])('[M17] a file of keys that is %s is read again, without a restart', async (_, change) => {
  const file = join(folder(), 'keys');
  writeFileSync(file, LINE.OLD);
  const gateway = await gatewayOf(file);
  expect(await gateway.answerTo('old-canary')).toBe(404);
  expect(await gateway.answerTo('new-canary')).toBe(401);
  change(file);
  await turned(gateway);
  expect(gateway.lines).toMatchObject([{ event: 'gateway_keys_read', file, keys: 1 }]);
});

test('[M17] every swap of the symbolic link by which Kubernetes changes a mounted secret is seen', async () => {
  const volume = folder();
  const mount = (version: string, content: string): void => {
    mkdirSync(join(volume, version));
    writeFileSync(join(volume, version, 'keys'), content);
    symlinkSync(version, join(volume, '..data_tmp'));
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
  };
  mount('..v1', LINE.OLD);
  symlinkSync('..data/keys', join(volume, 'keys'));
  const gateway = await gatewayOf(join(volume, 'keys'));
  expect(await gateway.answerTo('old-canary')).toBe(404);
  mount('..v2', LINE.NEW);
  await turned(gateway);
  mount('..v3', LINE.OLD);
  await waitUntil('the old key is good again', async () => (await gateway.answerTo('old-canary')) === 404, 10_000);
});

test.each<[string, (file: string) => void, RegExp]>([
  ['half written', (file) => writeFileSync(file, LINE.NEW.slice(0, -20)), /entry 1 has no SHA-256/],
  ['empty', (file) => writeFileSync(file, ''), /no entry/],
  ['gone', (file) => rmSync(file), /ENOENT/],
  ['a folder', (file) => (rmSync(file), mkdirSync(file)), /EISDIR/],
  ['huge', (file) => writeFileSync(file, LINE.NEW.repeat(20_000)), /larger than 1 MiB/],
  ['of a key itself', (file) => writeFileSync(file, 'acme:new-canary'), /entry 1 has no SHA-256/],
])(
  '[M17][N7] while the file of keys is %s the last good keys stay, and one warning says why',
  async (_, spoil, why) => {
    const file = join(folder(), 'keys');
    writeFileSync(file, LINE.OLD);
    const gateway = await gatewayOf(file);
    expect(await gateway.answerTo('old-canary')).toBe(404);
    spoil(file);
    await waitUntil('it was noticed', async () => (await gateway.answerTo('new-canary')) && gateway.lines.length > 0);
    // Looked at again and again, it is told of once.
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      expect(await gateway.answerTo('new-canary')).toBe(401);
    }
    expect(await gateway.answerTo('old-canary')).toBe(404);
    expect(gateway.lines).toMatchObject([
      { level: 'warn', event: 'gateway_keys_unusable', reason: expect.stringMatching(why) },
    ]);
    expect(JSON.stringify(gateway.lines)).not.toContain('canary');
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, LINE.NEW);
    await turned(gateway);
    expect(gateway.events()).toContain('gateway_keys_read');
  },
);
