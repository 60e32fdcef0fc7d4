import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { ExternalApiClient } from '../client/external-api-client.ts';
import { loadWorkerConfig } from '../config/worker-config.ts';
import { startFakeProvider, type FakeProvider, type FakeProviderOptions } from '../fake-provider/index.ts';
import { composeWorker, type FleetWorker } from '../worker/compose.ts';
import { startTestTemporal, type TestTemporal, type TestTemporalOptions } from './test-temporal.ts';
import { untilReady } from './until-ready.ts';

export interface TestStackOptions extends TestTemporalOptions {
  provider?: FakeProviderOptions;
  /** Variables of the worker, as docs/configuration.md has them, over those of {@link QUICK}. */
  workerEnv?: Readonly<Record<string, string>>;
}

/** All that a request needs, in this process but for the Temporal server. */
export interface TestStack extends AsyncDisposable {
  readonly client: ExternalApiClient;
  readonly provider: FakeProvider;
  readonly worker: FleetWorker;
  /** For clients of your own. */
  readonly temporal: { readonly address: string; readonly namespace: string };
}

/** As the defaults of a worker, but quick, quiet, and with equal requests sent each. */
const QUICK = {
  EXTERNAL_API_RETRY_DELAY: '0.02',
  EXTERNAL_API_POLL_INITIAL: '0.02',
  EXTERNAL_API_POLL_MAX: '2',
  EXTERNAL_API_OUTAGE_PROBE: '0.1',
  EXTERNAL_API_RATE_LIMIT: '100000',
  EXTERNAL_API_CACHE_TTL: '0',
  LOG_LEVEL: 'silent',
};

const READY_WITHIN_MS = 60_000;

/**
 * Starts a fake provider, a Temporal server (or a namespace on yours) and a worker. It ends with what it started:
 * `await using stack = await startTestStack()`. Give tests that run side by side one each.
 *
 * @throws ConfigError for a `workerEnv` that no worker would take; Error where there is no Temporal server to start
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  quietRuntime();
  const provider = await startFakeProvider(options.provider);
  const temporal = await startTestTemporal(options).catch(async (error: unknown) => {
    await provider.close();
    throw error;
  });
  const { address, namespace } = temporal;
  const client = ExternalApiClient.connect({ temporal: { connectionOptions: { address }, namespace } });
  const closeOthers = async (): Promise<void> => {
    await client.close();
    await temporal.close();
  };
  let worker: FleetWorker;
  try {
    worker = composeWorker({ config: configFor(provider, temporal, options.workerEnv) });
  } catch (error) {
    await provider.close();
    await closeOthers();
    throw error;
  }
  const running = worker.run();
  // The provider first: a call that hangs would hold the worker back.
  const end = async (): Promise<void> => {
    await provider.close();
    await worker.provider.close();
    worker.shutdown();
    try {
      await running;
    } finally {
      await closeOthers();
    }
  };
  const looking = new AbortController();
  try {
    await Promise.race([running, untilReady(worker, READY_WITHIN_MS, looking.signal)]);
  } catch (error) {
    await end().catch(() => {});
    throw error;
  } finally {
    looking.abort();
  }
  return { client, provider, worker, temporal: { address, namespace }, [Symbol.asyncDispose]: end };
}

function configFor(
  { url, credentials: { apiKey, clientId, clientSecret } }: FakeProvider,
  { address, namespace }: TestTemporal,
  workerEnv: TestStackOptions['workerEnv'],
) {
  const config = loadWorkerConfig({
    EXTERNAL_API_BASE_URL: url,
    EXTERNAL_API_KEY: apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: clientSecret,
    ...QUICK,
    ...workerEnv,
  });
  return { ...config, temporal: { connectionOptions: { address }, namespace } };
}

/** Without the Temporal SDK's own lines, and without its hold on Ctrl-C, unless the caller installed a Runtime already. */
function quietRuntime(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR', ({ message, meta }) => {
        // What the product says of a request is what the test is about.
        if (meta?.['event'] === undefined) process.stderr.write(`${message} ${JSON.stringify(meta)}\n`);
      }),
      shutdownSignals: [],
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
