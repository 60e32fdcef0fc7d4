import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { ensureTemporalBinary } from '../../scripts/temporal-server.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const TEMPORAL = `#!/bin/sh\necho temporal version 9.9.9\n`;
const BROKEN = `#!/bin/sh\nexit 1\n`;

/** Notes that it was asked, and builds a `temporal` as `go install` does. */
const GO = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/go.log"
sleep 0.2
printf '#!/bin/sh\\necho temporal version 9.9.9\\n' > "$GOBIN/temporal"
chmod +x "$GOBIN/temporal"
`;

const NOBODY = await freePort();

/** A machine with nothing but the tools that the test puts there. */
function machine({ onPath, cached, go }) {
  const folder = temporaryFolder();
  const paths = {
    temporal: join(folder, 'bin', 'temporal'),
    cached: join(folder, 'cache', 'durable-external-api', 'temporal-1.5.1', 'temporal'),
    go: join(folder, 'go', 'go'),
    goLog: join(folder, 'go', 'go.log'),
  };
  put(paths.temporal, onPath);
  put(paths.cached, cached);
  put(paths.go, go);
  const said = [];
  const options = {
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, XDG_CACHE_HOME: join(folder, 'cache') },
    progress: { say: (line) => said.push(line), step: (title, work) => (said.push(title), work()) },
    downloadUrl: `http://127.0.0.1:${NOBODY}`,
    goFolders: [join(folder, 'go')],
  };
  return { paths, said, options };
}

function put(path, content) {
  if (content === undefined) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, 0o755);
}

it('[M21] temporal on PATH comes first', async () => {
  const { paths, options } = machine({ onPath: TEMPORAL, cached: TEMPORAL, go: GO });
  expect(await ensureTemporalBinary(options)).toBe(paths.temporal);
});

it('[M21] then comes the cached one, and nothing is built', async () => {
  const { paths, options } = machine({ onPath: BROKEN, cached: TEMPORAL, go: GO });
  expect(await ensureTemporalBinary(options)).toBe(paths.cached);
  expect(existsSync(paths.goLog)).toBe(false);
});

it('[M21] a cached one that does not run is removed, told, and obtained again', async () => {
  const { paths, said, options } = machine({ cached: BROKEN, go: GO });
  expect(await ensureTemporalBinary(options)).toBe(paths.cached);
  expect(said[0]).toContain(`${paths.cached} is broken`);
  expect(readFileSync(paths.cached, 'utf8')).toContain('temporal version');
});

it('[M21] without a download it is built with Go, at the version that can be, and cached', async () => {
  const { paths, said, options } = machine({ go: GO });
  expect(await ensureTemporalBinary(options)).toBe(paths.cached);
  expect(readFileSync(paths.goLog, 'utf8')).toBe(
    'install -ldflags=-s -w github.com/temporalio/cli/cmd/temporal@v1.5.1\n',
  );
  expect(said.join()).toContain('Building the Temporal server with Go');
});

it('[M21] two copies that build side by side both get a whole one, and leave nothing else', async () => {
  const { paths, options } = machine({ go: GO });
  const both = await Promise.all([ensureTemporalBinary(options), ensureTemporalBinary(options)]);
  expect(both).toEqual([paths.cached, paths.cached]);
  expect(readdirSync(dirname(paths.cached))).toEqual(['temporal']);
});

it('[M21] a download that never answers is given up within 5 s', async () => {
  const silent = createServer(() => {});
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => silent.close());
  const { paths, options } = machine({ go: GO });
  const started = performance.now();
  const found = await ensureTemporalBinary({ ...options, downloadUrl: `http://127.0.0.1:${silent.address().port}` });
  expect(found).toBe(paths.cached);
  expect(performance.now() - started).toBeLessThan(7_000);
});

it('[M21] when there is no way, one message names every choice and why each one failed', async () => {
  const { options } = machine({});
  const message = await ensureTemporalBinary(options).catch((error) => error.message);
  for (const choice of ['"temporal" is on PATH', 'install Go', 'https://temporal.download', 'TEMPORAL_ADDRESS']) {
    expect(message).toContain(choice);
  }
  expect(message).toContain('cannot be reached (ECONNREFUSED)');
  expect(message).toContain('go is neither on PATH nor in');
});

it('[M21] a Go build that fails says what Go said', async () => {
  const { options } = machine({ go: '#!/bin/sh\necho no space left on device >&2; exit 1\n' });
  await expect(ensureTemporalBinary(options)).rejects.toThrow(/failed \(exit code 1\):\nno space left on device/);
});
