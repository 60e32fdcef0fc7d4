import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '#scripts/lib/ports.mjs';
import { waitUntil } from './wait-until.ts';

/** A Redis of the test's own, that keeps nothing on disk. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** It keeps its connections and accepts new ones, but answers none. */
  pause(): void;
  resume(): void;
}

/**
 * Starts redis-server; `port`: of one that ended, to come back under the same address. `args` are added to its options, those
 * of a `configuration` file are instead of what a sentinel does not take.
 */
export async function startRedis(
  port?: number,
  { password = '', args = [] as string[], configuration = '' } = {},
): Promise<TestRedis> {
  const usedPort = port ?? (await freePort());
  const options = ['--port', `${usedPort}`, '--bind', '127.0.0.1'];
  if (configuration === '') options.push('--save', '', '--appendonly', 'no');
  else options.unshift(configuration);
  if (password !== '') options.push('--requirepass', password);
  const child = spawn('redis-server', [...options, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-10_000)));
  }
  // With 'spawn' or, by rejecting, with 'error'.
  await once(child, 'spawn').catch((error: unknown) => {
    throw new Error('These tests need Redis 7: redis-server could not be started.', { cause: error });
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const guard = guardOf(child.pid);
  const end = async (name: NodeJS.Signals): Promise<void> => {
    if (isRunning()) child.kill(name);
    await ended;
    guard.kill();
  };
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${usedPort}`,
    port: usedPort,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
  try {
    await waitUntil('redis-server answers', async () => {
      if (!isRunning()) throw new Error(`redis-server ended: ${output}`);
      return await answersPing(usedPort);
    });
  } catch (error) {
    await redis.kill();
    throw error;
  }
  return redis;
}

/** Kills Redis also when the test process dies without a chance to: then its end of the pipe closes. */
function guardOf(pid: number | undefined): ChildProcess {
  const command = `read -r _; kill -s KILL ${pid}`;
  return spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

async function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return /^(\+PONG|-NOAUTH)/.test(answer.toString());
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
