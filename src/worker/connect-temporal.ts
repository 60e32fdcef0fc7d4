import { NativeConnection } from '@temporalio/worker';
import { grpcCode } from '../client/temporal-errors.ts';
import type { TemporalConfig } from '../config/temporal.ts';
import { DEFAULT_TEMPORAL_ADDRESS } from '../contract/address.ts';
import { orAborted } from '../provider/or-aborted.ts';
import { isOfServer, refusal } from './temporal-failures.ts';
import type { TemporalWatch } from './temporal-watch.ts';
import { LateError, pause, within } from './time-limits.ts';

/** With the pause, a server that says nothing is asked every 10 s. */
const ANSWER_MS = 9_000;
const PAUSE_MS = 1_000;

// gRPC status code, https://grpc.io/docs/guides/status-codes/
const UNIMPLEMENTED = 12;

/** `host:port` of the server. */
export function addressOf({ connectionOptions }: TemporalConfig): string {
  return connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS;
}

/**
 * Connects to Temporal when it is there, and waits for it as long as it is not: `watch` tells of it. Null when `signal` aborts
 * first.
 * @param prepare called before each attempt, and when one has failed
 * @throws TemporalUnavailableError when it refuses our credentials, or does not have the namespace
 */
export async function connectWhenThere(
  config: TemporalConfig,
  watch: TemporalWatch,
  signal: AbortSignal,
  prepare: () => void,
): Promise<NativeConnection | null> {
  prepare();
  while (!signal.aborted) {
    const askedAt = new Date();
    const connecting = connect(config);
    try {
      const connection = await orAborted(within(ANSWER_MS, connecting), signal);
      watch.found();
      return connection;
    } catch (error) {
      // What is too late for us is let go of.
      connecting.then((connection) => connection.close()).catch(() => {});
      if (signal.aborted) break;
      const end = refusal(error, { address: addressOf(config), namespace: config.namespace });
      if (end !== null) throw end;
      if (!(error instanceof LateError) && !isOfServer(error)) throw error;
      watch.lost(error, askedAt, { again: true });
      prepare();
      await pause(PAUSE_MS, signal);
    }
  }
  return null;
}

/** A connection that lets us in, to a server that has the namespace. */
async function connect({ connectionOptions, namespace }: TemporalConfig): Promise<NativeConnection> {
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    await connection.withDeadline(Date.now() + ANSWER_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    if (grpcCode(error) === UNIMPLEMENTED) return connection;
    await connection.close();
    throw error;
  }
  return connection;
}

/** Whether the server answers and lets us in. */
export async function ask(connection: NativeConnection): Promise<void> {
  await connection.withDeadline(Date.now() + ANSWER_MS, () => connection.workflowService.getSystemInfo({}));
}
