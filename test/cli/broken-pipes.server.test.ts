import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { CLI } from '../helpers/stack.ts';
import { runCli } from './run-cli.ts';

const SOME_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

vi.setConfig({ testTimeout: 90_000 });

let folder: string;
let secure: Http2SecureServer;
let plain: Http2Server;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'external-api-cli-'));
  secure = createSecureServer(createSelfSignedCertificate()).on('sessionError', () => {});
  plain = createServer().on('sessionError', () => {});
  for (const server of [secure, plain]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  secure.close();
  plain.close();
});

/** Its stderr and exit code, with stdout or stdin in the hands of the kernel. */
async function cliWith(redirection: string, args: string[]): Promise<{ code: number; stderr: string }> {
  const child = execFile('bash', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, CLI, ...args]);
  const stderr = text(child.stderr!);
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr: await stderr };
}

test.each([['--help'], ['list --help'], ['--version'], ['completion bash']])(
  '[C4] `%s` to a full disk says so in one sentence, exit 74',
  async (line) => {
    expect(await cliWith('> /dev/full', line.split(' '))).toEqual({
      code: 74,
      stderr:
        'error: The output cannot be written: no space left on device (ENOSPC). ' +
        'What the command was to do is not undone.\n',
    });
  },
);

test('[C4] a full disk below stderr changes no exit code to a crash', async () => {
  expect(await cliWith('2> /dev/full', ['status', 'req_1'])).toMatchObject({ code: 74 });
});

test('[C4][M12] data without an end is read no further than it could be kept, from stdin and from a file', async () => {
  const zero = openSync('/dev/zero', 'r');
  const child = spawn(process.execPath, [CLI, 'process', '-'], { stdio: [zero, 'ignore', 'pipe'] });
  const stderr = text(child.stderr!);
  const [code] = (await once(child, 'close')) as [number];
  closeSync(zero);
  const file = await runCli(['process', '--file', '/dev/zero']);
  expect([code, file.code]).toEqual([2, 2]);
  const tooLong = /^error: \S.* has more than \d+ bytes, and at most \d+ bytes of JSON can be kept: send a reference/;
  expect(await stderr).toMatch(tooLong);
  expect(file.stderr).toMatch(tooLong);
});

test('[C4][M8] TLS where none is spoken, and none where it is, is told as that with the address, exit 69', async () => {
  const address = (server: Http2Server | Http2SecureServer) => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const toPlain = { TEMPORAL_ADDRESS: address(plain), TEMPORAL_TLS: 'true', TEMPORAL_TLS_SERVER_NAME: 'localhost' };
  const toSecure = { TEMPORAL_ADDRESS: address(secure) };
  const distrusting = { ...toPlain, ...toSecure };
  const [noTls, tls, unknown] = await Promise.all([
    runCli(['list'], { env: toPlain }),
    runCli(['status', SOME_ID], { env: toSecure }),
    runCli(['setup'], { env: distrusting }),
  ]);
  const start = (env: { TEMPORAL_ADDRESS: string }) =>
    `error: The Temporal server at ${env.TEMPORAL_ADDRESS} (from TEMPORAL_ADDRESS) did not answer. `;
  expect(noTls.stderr).toContain(`${start(toPlain)}It speaks no TLS, and TEMPORAL_TLS`);
  expect(tls.stderr).toContain(`${start(toSecure)}It speaks TLS: set TEMPORAL_TLS=true.`);
  expect(unknown.stderr).toContain(
    `${start(distrusting)}Its certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)`,
  );
  for (const { code, stdout, stderr } of [noTls, tls, unknown]) {
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).not.toMatch(/^ +at /m);
  }
});

test.each([['list'], ['worker'], ['gateway'], ['setup']])(
  '[C4][M8] %s with a CA file that cannot be read as certificates names the variable, exit 78',
  async (command) => {
    const path = join(folder, 'junk.pem');
    writeFileSync(path, 'junk');
    const { code, stdout, stderr } = await runCli([command], { env: { TEMPORAL_TLS_SERVER_CA_CERT_PATH: path } });
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(/^ {2}TEMPORAL_TLS_SERVER_CA_CERT_PATH must hold certificates \(PEM\)/m);
    expect(stderr).not.toMatch(/^ +at /m);
  },
);
