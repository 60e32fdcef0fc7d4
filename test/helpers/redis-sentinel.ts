import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#scripts/lib/ports.mjs';
import { startRedis, type TestRedis } from './redis.ts';

export interface WatchedRedis extends AsyncDisposable {
  /** The one at the start. */
  master: TestRedis;
  replica: TestRedis;
  /** `host:port`. */
  sentinel: { host: string; port: number };
  name: string;
}

/** A master, its replica, and a sentinel that makes the replica master half a second after the master is gone. */
export async function startWatchedRedis(): Promise<WatchedRedis> {
  const name = 'limits';
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  // A replica keeps what it gets of its master in a file.
  const args = ['--dir', folder];
  const master = await startRedis(undefined, { args });
  const replica = await startRedis(undefined, { args: [...args, '--replicaof', '127.0.0.1', `${master.port}`] });
  const port = await freePort();
  const configuration = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, `${configuration.join('\n')}\n`);
  const sentinel = await startRedis(port, { configuration: file, args: ['--sentinel'] });
  return {
    master,
    replica,
    sentinel: { host: '127.0.0.1', port },
    name,
    async [Symbol.asyncDispose]() {
      for (const each of [sentinel, replica, master]) await each.kill();
      await rm(folder, { recursive: true });
    },
  };
}
