import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureRedisServer } from '../../scripts/lib/redis-server.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

const REDIS = '#!/bin/sh\necho Redis server v=9.9.9\n';
const FAILING = '#!/bin/sh\necho no such thing >&2\nexit 1\n';

/** Puts a redis-server beside itself, once its package lists are there. */
const APT_GET = `#!/bin/sh
here=$(/usr/bin/dirname "$0")
[ "$1" = update ] && exec /usr/bin/touch "$here/lists"
[ -f "$here/lists" ] || exit 100
printf '#!/bin/sh\\n' > "$here/redis-server"
/bin/chmod +x "$here/redis-server"
`;

/** A machine with nothing but `programs`. */
function machine(programs) {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(programs)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), 0o755);
  }
  const said = [];
  const progress = { step: (title, work) => (said.push(title), work()) };
  return { said, ensure: () => ensureRedisServer(progress, { PATH: folder }) };
}

it('[M20] a Redis server that is there is used, and nothing is installed', async () => {
  const { said, ensure } = machine({ 'redis-server': REDIS, 'apt-get': APT_GET });
  await ensure();
  expect(said).toEqual([]);
});

it('[M20] one that is not there is installed, package lists first', async () => {
  const { said, ensure } = machine({ 'apt-get': APT_GET });
  await ensure();
  expect(said).toEqual(['Installing redis-server (apt-get)']);
});

it('[M20] where nothing can install it, the message names the choices and what was tried', async () => {
  const { ensure } = machine({ 'apt-get': FAILING });
  await expect(ensure()).rejects.toThrow(
    /apt-get install redis-server.*brew install redis.*tried: apt-get.*no such thing/s,
  );
});
