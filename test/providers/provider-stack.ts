import '../helpers/quiet-runtime.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished } from 'vitest';
import {
  ExternalApiClient,
  RequestCancelledError,
  type RequestHandle,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import { pathOfShipped } from '../../src/profile/load-profile.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import type { ProviderClientOptions } from '../../src/provider/provider-client.ts';
import type { SignRequest } from '../../src/provider/signature.ts';
import { composeWorker } from '../../src/worker/compose.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CLIENT_ID, CLIENT_SECRET } from './contracts-by-url.ts';
import { KEY } from './contracts-by-id.ts';
import type { Job } from './work.ts';
import { startScriptedProvider, type Contract, type ScriptedProvider } from './scripted-provider.ts';

/** Every credential that a worker here has. */
export const SECRETS = [KEY, CLIENT_ID, CLIENT_SECRET];

export interface ProviderStackOptions {
  contract: Contract;
  /** Of the configured base URL. */
  path?: string;
  env?: Readonly<Record<string, string>>;
  provider?: Partial<Pick<ProviderClientOptions, 'tls' | 'lookup'>>;
  sign?: SignRequest;
  /** Whether the time between two polls of a job is as the profile says. Default: none is left. */
  keepsPace?: boolean;
}

export interface ProviderStack extends AsyncDisposable {
  readonly provider: ScriptedProvider;
  readonly client: ExternalApiClient;
  readonly temporal: TestTemporal;
  /** Every call, as the log sees it. */
  readonly calls: CallRecord[];
  /** Words that the profile does not have. */
  readonly unknown: string[];
  /** Sends the work and does not wait for its end. */
  submit(data: unknown, words: readonly string[], options?: { callbackUrl?: string }): Promise<RequestHandle>;
  /** Calls about the job of the latest submit, without that. */
  about(): string[];
  /** That job, when it was asked about. */
  polled(): Promise<Job>;
  /** Cancels work that is polled, and expects that the provider stopped it. */
  cancelsThere(handle: RequestHandle): Promise<void>;
  callback(requestId: string, providerRequestId?: string): Promise<void>;
  until(handle: RequestHandle, status: RequestSnapshot['status']): Promise<RequestSnapshot>;
  /** All that the history of a request has, as text. */
  history(requestId: string): Promise<string>;
}

/** A profile of the tests. */
export const profileFile = (name: string): string => fileURLToPath(new URL(`${name}.yaml`, import.meta.url));

/** A shipped profile with other lines, until the test is over: its path. */
export async function editedProfile(name: string, edit: (yaml: string) => string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'profile-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, edit(await readFile(pathOfShipped(name), 'utf8')));
  return file;
}

/**
 * The whole product on the real Temporal server, configured as a worker is: by EXTERNAL_API_PROVIDER and the rest of the
 * environment. Before it, a scripted provider.
 */
export async function startProviderStack(profile: string, options: ProviderStackOptions): Promise<ProviderStack> {
  const { contract, path: basePath = '', env = {}, keepsPace = false } = options;
  const temporal = await connectToTemporal();
  const provider = await startScriptedProvider(contract);
  const config = loadWorkerConfig({
    EXTERNAL_API_PROVIDER: profile,
    EXTERNAL_API_BASE_URL: provider.url + basePath,
    EXTERNAL_API_KEY: KEY,
    EXTERNAL_OAUTH_CLIENT_ID: CLIENT_ID,
    EXTERNAL_OAUTH_CLIENT_SECRET: CLIENT_SECRET,
    EXTERNAL_API_POLL_INITIAL: '0.02',
    EXTERNAL_API_POLL_MAX: '0.2',
    EXTERNAL_API_RETRY_DELAY: '0.02',
    LOG_LEVEL: 'silent',
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...env,
  });
  const calls: CallRecord[] = [];
  const unknown: string[] = [];
  const worker = composeWorker({
    config: {
      ...config,
      provider: { ...config.provider, ...options.provider },
      calls: keepsPace ? config.calls : { ...config.calls, pollEveryMs: 0 },
    },
    ...(options.sign !== undefined && { sign: options.sign }),
    observer: { called: (record) => void calls.push(record), unknownStatus: (word) => void unknown.push(word) },
    workflowBundle: { codePath: inject('workflowBundlePath') },
  });
  const running = worker.run();
  await Promise.race([running, waitUntil('the worker runs', () => worker.isReady())]);
  const client = new ExternalApiClient(temporal.client, { provider: config.provider.profile.name });
  const workflow = (requestId: string) => temporal.client.workflow.getHandle(workflowIdOf(requestId));
  let before = 0;
  const latest = (): Job | undefined => provider.work.jobs.slice(before).at(-1);
  const about = (): string[] => {
    const id = latest()?.id ?? 'none';
    const found = provider.ledger.filter(({ path, body }) => `${path} ${body}`.includes(id));
    return found.map(({ method, path }) => `${method} ${path}`);
  };
  const polled = (): Promise<Job> => waitUntil('it is polled', () => about().length > 0 && latest());
  return {
    provider,
    client,
    temporal,
    calls,
    unknown,
    async submit(data, words, { callbackUrl } = {}) {
      provider.work.words = words;
      before = provider.work.jobs.length;
      const input = {
        data: data as object,
        options: { async: true, ...(callbackUrl !== undefined && { callbackUrl }) },
      };
      return await client.process(input);
    },
    about,
    polled,
    async cancelsThere(handle) {
      await polled();
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(RequestCancelledError);
      expect(await handle.status()).toMatchObject({ cancellation: 'cancelled_at_provider' });
    },
    callback: (requestId, providerRequestId) =>
      workflow(requestId).signal(CALLBACK_SIGNAL, ...(providerRequestId === undefined ? [] : [{ providerRequestId }])),
    until: (handle, status) =>
      waitUntil(`the request is ${status}`, async () => {
        const snapshot = await handle.status();
        return snapshot.status === status && snapshot;
      }),
    async history(requestId) {
      return textsIn(await workflow(requestId).fetchHistory());
    },
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      worker.shutdown();
      await running;
      await temporal.close();
    },
  };
}

/** All texts in what the server said, payloads too. */
function textsIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? Object.values(value).map(textsIn).join('\n') : '';
}
