import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBackgroundProcess } from '#scripts/lib/background-process.mjs';
import { emptyTemporalConfig } from '#scripts/lib/data-folder.mjs';
import { ROOT } from '#scripts/lib/paths.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import type { Progress } from '#scripts/lib/progress.mjs';
import { runCommand } from '#scripts/lib/run-command.mjs';
import { waitUntilReady } from '#scripts/lib/wait-until-ready.mjs';
import { startTemporalServer, type TemporalServer } from '#scripts/temporal-server.mjs';
import { mintToken } from '#product/callbacks/link.js';
import { BUILT_IN_PROVIDER } from '#product/contract/names.js';
import type { BareRoutesArgs } from './bare-routes-process.ts';
import type { BareWorkerArgs } from './bare-worker-process.ts';
import type { CallerArgs } from './caller-process.ts';
import type { CallerLoad, CallerName, CallerSample } from './callers/caller.ts';
import { type Child, startChild } from './child.ts';
import { CREDENTIALS, CREDENTIAL_VARIABLES, type ProviderAccess } from './credentials.ts';
import type { HttpCallerArgs, HttpLoad, HttpSample } from './http-caller-process.ts';
import type { ReplayArgs, ReplayQuestion, ReplaySample } from './replay-process.ts';
import { createNamespace } from './namespace.ts';
import { MAX_CONNECTIONS } from './work.ts';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');
/** Of the worker in mode `key`: our task queues have fixed names. */
export const KEYED_NAMESPACE = 'mode-key';
const GATEWAY_NAMESPACE = 'behind-gateway';
const LINK_KEY = { id: 'bench', secret: Buffer.alloc(32, 7) };
/** What callers show to the gateway. */
export const GATEWAY_KEY = 'bench-key-of-a-caller';
const BUNDLE = join(ROOT, 'dist', 'workflow-bundle.js');

interface Running {
  pid: number;
  stop(): Promise<void>;
}

export interface Gateway extends Running {
  origin: string;
  /** Where the provider would tell of a request. */
  callbackPath(requestId: string): string;
}

/** The processes of a run, each started when it is first asked for: nothing runs beside a section that does not need it. */
export interface Stack {
  /** For logs and bundles. */
  folder: string;
  temporal(): Promise<TemporalServer>;
  /** In mode `none`. */
  worker(): Promise<Running>;
  /** In mode `key`, in a namespace of its own. */
  keyedWorker(): Promise<Running>;
  bareWorker(): Promise<Running>;
  /** Paths of workflow bundles by who brings them. */
  bundles(): Promise<{ durable: string; bare: string }>;
  /** A process that makes calls. */
  caller(caller: CallerName, needsTemporal?: boolean, namespace?: string): Promise<Child<CallerLoad, CallerSample>>;
  replayer(): Promise<Child<ReplayQuestion, ReplaySample>>;
  /** Takes requests, and callbacks, for a worker in a namespace of its own. */
  gateway(): Promise<Gateway>;
  /** What the fake provider does with jobs and callbacks from now on. */
  setProvider(settings: { jobDurationMs?: number; callbackCount?: number }): Promise<void>;
  /** Answers as the gateway would, with nothing behind it. */
  bareRoutes(args: BareRoutesArgs): Promise<{ pid: number; origin: string }>;
  /** A process that calls such an origin. */
  httpCaller(name: string, args: HttpCallerArgs): Promise<Child<HttpLoad, HttpSample>>;
  /** Ends all, the last one started first. */
  stop(): Promise<void>;
}

export interface StackOptions {
  folder: string;
  temporalBinary: () => Promise<string>;
  progress: Progress;
}

export function createStack({ folder, temporalBinary, progress }: StackOptions): Stack {
  const started: { stop(): Promise<void> }[] = [];
  const logFile = (name: string): string => join(folder, `${name}.log`);
  const environment = { PATH: process.env['PATH'], ...CREDENTIAL_VARIABLES };

  /** Starts a part once, tells so, and keeps it for the end. */
  function part<T>(title: string, start: () => Promise<T>): () => Promise<T> {
    let promise: Promise<T> | undefined;
    return () => (promise ??= progress.step(title, start));
  }

  function keep<T extends { stop(): Promise<void> }>(process: T): T {
    started.push(process);
    return process;
  }

  async function startCommand(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    readyUrl: string,
  ): Promise<Running> {
    const options = { name: command, command: process.execPath, args: [CLI, command, ...args], cwd: ROOT };
    const { pid, ended, stop } = keep(startBackgroundProcess({ ...options, env, logFile: logFile(command) }));
    const failed = ended.then((end) => Promise.reject(new Error(end)));
    await Promise.race([waitUntilReady(readyUrl), failed]);
    failed.catch(() => {}); // It is stopped at the end.
    if (pid === undefined) throw new Error(`The ${command} could not be started.`);
    return { pid, stop };
  }

  const startModule = async <Question, Answer>(
    name: string,
    module: string,
    args: object,
  ): Promise<Child<Question, Answer>> =>
    keep(await startChild<Question, Answer>({ module: import.meta.resolve(module), args, logFile: logFile(name) }));

  const provider = part('Fake provider, without its rate limit', async (): Promise<ProviderAccess> => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = ['--port', `${port}`, '--rate-limit', '0', '--job-duration', '0'];
    await startCommand('fake-provider', args, environment, `${url}/_control/health`);
    return { url, ...CREDENTIALS };
  });

  const temporal = part('Temporal server, SQLite in memory', async () => {
    const binary = await temporalBinary();
    return keep(await startTemporalServer({ binary, logFile: logFile('temporal') }));
  });
  const temporalAddress = async (): Promise<string> => (await temporal()).address;

  async function startWorker(variables: NodeJS.ProcessEnv): Promise<Running> {
    const port = await freePort();
    const env = {
      ...environment,
      TEMPORAL_ADDRESS: await temporalAddress(),
      TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
      EXTERNAL_API_BASE_URL: (await provider()).url,
      EXTERNAL_API_MAX_CONNECTIONS: `${MAX_CONNECTIONS}`,
      // The budget is measured by itself.
      EXTERNAL_API_RATE_LIMIT: '1000000',
      // The first poll finds the work done. By default it would come after a second, in which nothing is done.
      EXTERNAL_API_POLL_INITIAL: '0.01',
      METRICS_PORT: `${port}`,
      ...variables,
    };
    return await startCommand('worker', [], env, `http://127.0.0.1:${port}/readyz`);
  }

  const worker = part('Worker', () => startWorker({}));
  const keyedWorker = part('Worker in mode key', async () => {
    const space = await createNamespace(await temporalAddress(), KEYED_NAMESPACE);
    await space.close();
    return await startWorker({ TEMPORAL_NAMESPACE: KEYED_NAMESPACE, EXTERNAL_API_IDEMPOTENCY: 'key' });
  });

  const gateway = part('Gateway, and a worker', async () => {
    const space = await createNamespace(await temporalAddress(), GATEWAY_NAMESPACE);
    await space.close();
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const links = {
      TEMPORAL_NAMESPACE: GATEWAY_NAMESPACE,
      PUBLIC_BASE_URL: origin,
      EXTERNAL_API_CALLBACK_KEYS: `${LINK_KEY.id}:${LINK_KEY.secret.toString('base64')}`,
    };
    const targets = { DELIVERY_ALLOW_LOOPBACK: 'true' };
    const deliveries = {
      EXTERNAL_API_DELIVERIES: 'on',
      DELIVERY_SECRETS: `bench:whsec_${'A'.repeat(43)}=`,
      ...targets,
    };
    await startWorker({ ...links, ...deliveries });
    const env = {
      ...environment,
      ...links,
      ...targets,
      TEMPORAL_ADDRESS: await temporalAddress(),
      TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
      GATEWAY_PORT: `${port}`,
      GATEWAY_API_KEYS: `bench:${createHash('sha256').update(GATEWAY_KEY).digest('hex')}`,
    };
    const running = await startCommand('gateway', [], env, `${origin}/readyz`);
    const callbackPath = (requestId: string): string =>
      `/callbacks/${mintToken(LINK_KEY, { provider: BUILT_IN_PROVIDER, requestId })}`;
    return { ...running, origin, callbackPath };
  });

  const bareBundle = part('Bundling the bare workflow', async () => {
    const bundle = join(folder, 'bare-workflow-bundle.js');
    const source = fileURLToPath(import.meta.resolve('./bare-workflow.js'));
    await runCommand(process.execPath, [join(ROOT, 'scripts/lib/bundle-workflows.mjs'), source, bundle]);
    return bundle;
  });

  const bareWorker = part('Worker of the bare workflow', async () => {
    const args: BareWorkerArgs = {
      temporalAddress: await temporalAddress(),
      provider: await provider(),
      bundle: await bareBundle(),
    };
    return await startModule('bare-worker', './bare-worker-process.js', args);
  });

  return {
    folder,
    temporal,
    worker,
    keyedWorker,
    bareWorker,
    bundles: async () => ({ durable: BUNDLE, bare: await bareBundle() }),
    async caller(caller, needsTemporal = false, namespace = 'default') {
      const args: CallerArgs = {
        caller,
        provider: await provider(),
        ...(needsTemporal && { temporalAddress: await temporalAddress(), namespace }),
      };
      return await startModule(`caller-${caller}-${namespace}`, './caller-process.js', args);
    },
    gateway,
    async setProvider(settings) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(settings) };
      const response = await fetch(`${(await provider()).url}/_control/settings`, init);
      if (!response.ok) throw new Error(`The fake provider refused its settings: ${await response.text()}`);
    },
    async bareRoutes(args) {
      const routes = await startModule<string, string>('bare-routes', './bare-routes-process.js', args);
      return { pid: routes.pid, origin: await routes.ask('where?') };
    },
    httpCaller: (name, args) => startModule(`http-caller-${name}`, './http-caller-process.js', args),
    async replayer() {
      const args: ReplayArgs = { temporalAddress: await temporalAddress() };
      return await startModule('replay', './replay-process.js', args);
    },
    async stop() {
      for (const each of started.toReversed()) await each.stop();
    },
  };
}
