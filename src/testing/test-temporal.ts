import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contract/names.ts';

/** A namespace of its own, prepared for our requests, on a Temporal server. */
export interface TestTemporal {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  /** Ends the server, if it was started here. */
  close(): Promise<void>;
}

export interface TestTemporalOptions {
  /** `host:port` of a development server that runs. Default: one is started, in memory, by `@temporalio/testing`. */
  temporalAddress?: string;
  /** The `temporal` executable to start. Default: `@temporalio/testing` downloads it, once. */
  temporalExecutable?: string;
}

/** `temporal.api.enums.v1.IndexedValueType` */
const KEYWORD = 2;
const ONE_DAY = { seconds: 86_400 } as never;

export async function startTestTemporal({
  temporalAddress,
  temporalExecutable,
}: TestTemporalOptions): Promise<TestTemporal> {
  const server = temporalAddress === undefined ? await startServer(temporalExecutable) : null;
  const address = temporalAddress ?? server?.address ?? '';
  const namespace = `test-${randomUUID()}`;
  try {
    await registerNamespace(address, namespace);
  } catch (error) {
    await server?.teardown();
    throw error;
  }
  return { address, namespace, close: async () => await server?.teardown() };
}

async function startServer(executable: string | undefined) {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing').catch((cause: unknown) => {
    throw new Error(
      'startTestStack() starts a Temporal server with @temporalio/testing, which is not installed: install version ' +
        '1.24.0, or pass the temporalAddress of a server that runs.',
      { cause },
    );
  });
  const server = {
    ...(executable !== undefined && { executable: { type: 'existing-path' as const, path: executable } }),
    // The default of 1 s is a floor under every timer and retry delay.
    extraArgs: ['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="50ms"'],
  };
  return await TestWorkflowEnvironment.createLocal({ server }).catch((cause: unknown) => {
    const which = executable ?? 'that @temporalio/testing downloads';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The Temporal server ${which} could not be started: ${why}. Pass a temporalExecutable, or the temporalAddress ` +
        'of a server that runs.',
      { cause },
    );
  });
}

async function registerNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    const retention = { workflowExecutionRetentionPeriod: ONE_DAY };
    await connection.workflowService.registerNamespace({ namespace, ...retention });
    const attributes = Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes });
  } finally {
    await connection.close();
  }
}
