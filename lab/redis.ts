import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { type BackgroundProcess, startBackgroundProcess } from '#scripts/lib/background-process.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import { killGroup } from '#scripts/lib/process-registry.mjs';

const CONNECT_EVERY_MS = 50;
const CONNECT_AT_MOST = 200;

export interface RestartableRedis {
  url: string;
  /** It keeps its connections, and answers nothing. */
  pause(): void;
  resume(): void;
  /** Kills it. It comes back on the same port, with its data. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** A Redis that keeps its data as docs/call-budget.md asks for. An emptied one is the matter of test/call-budget. */
export async function startRedis({
  folder,
  onDeath,
}: {
  folder: string;
  onDeath: (end: string) => void;
}): Promise<RestartableRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let lives = 0;
  let current: BackgroundProcess | null = null;

  async function start(): Promise<void> {
    const started = startBackgroundProcess({
      name: 'Redis server',
      command: 'redis-server',
      args: ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--dir', folder],
      logFile: join(folder, `redis-${++lives}.log`),
    });
    current = started;
    void started.ended.then((sentence) => current === started && onDeath(sentence));
    const isOver = started.ended.then((sentence) => Promise.reject(new Error(sentence)));
    await Promise.race([answers(url), isOver]);
  }

  async function end(): Promise<void> {
    const ending = current;
    current = null;
    await ending?.kill();
  }

  function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (current?.pid !== undefined) killGroup(current.pid, name);
  }

  await start();
  return {
    url,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async restart() {
      await end();
      await start();
    },
    end,
  };
}

/** Waits until it does. */
async function answers(url: string): Promise<void> {
  const reconnectStrategy = (tries: number): number | Error =>
    tries < CONNECT_AT_MOST ? CONNECT_EVERY_MS : new Error('The Redis server does not answer.');
  const client = createClient({ url, socket: { reconnectStrategy } });
  // A refused connection, which the strategy above repeats; the last one rejects `connect`.
  client.on('error', () => {});
  await client.connect();
  while (await isLoading(client)) await delay(CONNECT_EVERY_MS);
  client.destroy();
}

/** A Redis that comes back reads its file first, and refuses commands until it has. */
async function isLoading(client: { ping(): Promise<unknown> }): Promise<boolean> {
  try {
    await client.ping();
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('LOADING')) return true;
    throw error;
  }
}
