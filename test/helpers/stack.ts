import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startFakeProvider, type FakeProvider, type FakeProviderOptions } from '../../src/fake-provider/index.ts';
import { freePort } from '#scripts/lib/ports.mjs';
import { connectToTemporal, type TestTemporal } from './temporal.ts';
import { waitUntil } from './wait-until.ts';

/** The compiled command line. */
export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface StackOptions {
  /** Default: the server that all test files share. */
  temporalAddress?: string;
  /** Added to the worker's environment. */
  workerEnv?: Readonly<Record<string, string>>;
  fakeProvider?: FakeProviderOptions;
}

/** The worker as a process of its own, in a namespace of its own, before a fake provider in this process. */
export interface Stack extends AsyncDisposable {
  readonly fakeProvider: FakeProvider;
  readonly temporal: TestTemporal;
  /** TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as a client of this stack needs them in its environment. */
  readonly clientEnv: Readonly<Record<string, string>>;
  /** What `startWorker` needs to start another worker of this stack. */
  readonly workerEnv: Readonly<Record<string, string>>;
  readonly worker: WorkerProcess;
  /** Starts another worker, which ends with the stack. */
  nextWorker(): Promise<WorkerProcess>;
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Origin of `/readyz` and `/metrics`. */
  readonly url: string;
  /** What it has written, the last 10,000 characters. */
  output(): string;
  /** SIGTERM, or SIGKILL as a crash would; resolves when the process has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { temporalAddress: address } = options;
  const temporal = await connectToTemporal(address === undefined ? {} : { address });
  const fakeProvider = await startFakeProvider(options.fakeProvider);
  const { apiKey, clientId, clientSecret } = fakeProvider.credentials;
  const clientEnv = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace };
  const workerEnv = {
    ...clientEnv,
    EXTERNAL_API_BASE_URL: fakeProvider.url,
    EXTERNAL_API_KEY: apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: clientSecret,
    // Equal requests of one test are calls of their own; nor does a test wait for another's.
    EXTERNAL_API_CACHE_TTL: '0',
    EXTERNAL_API_RATE_LIMIT: '100000',
    ...options.workerEnv,
  };
  const closeOthers = async (): Promise<void> => {
    await fakeProvider.close();
    await temporal.close();
  };
  try {
    const worker = await startWorker(workerEnv);
    const workers = [worker];
    const nextWorker = async (): Promise<WorkerProcess> => {
      const next = await startWorker(workerEnv);
      workers.push(next);
      return next;
    };
    const dispose = async (): Promise<void> => {
      for (const each of workers) await each.stop('SIGKILL');
      await closeOthers();
    };
    return { fakeProvider, temporal, clientEnv, workerEnv, worker, nextWorker, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await closeOthers();
    throw error;
  }
}

interface StartOptions {
  isReady: boolean;
  /** Of the command. */
  args?: readonly string[];
}

let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Starts `external-api worker` with `env` and little else, and waits until it takes work, or says that it does not. One
 * after the other: a start is seconds of work for a processor, and tests that run together start theirs together.
 */
export function startWorker(env: Readonly<Record<string, string>>, options?: StartOptions): Promise<WorkerProcess> {
  const start = lastStart.then(() => startNow(env, options));
  lastStart = start.catch(() => {});
  return start;
}

async function startNow(
  env: Readonly<Record<string, string>>,
  { isReady, args = [] }: StartOptions = { isReady: true },
): Promise<WorkerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [CLI, 'worker', ...args], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', METRICS_PORT: `${port}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-10_000)));
  }
  const ended = once(child, 'close');
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    const isAsExpected = async (): Promise<boolean> => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The worker ended: ${output}`);
      const response = await fetch(`${url}/readyz`).catch(() => null);
      return response?.ok === isReady;
    };
    // A busy machine starts a process slowly; the test's own time bounds it.
    await waitUntil(`/readyz of the worker says ${isReady}`, isAsExpected, 60_000);
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  return { child, url, output: () => output, stop };
}
