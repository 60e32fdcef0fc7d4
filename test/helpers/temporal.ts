import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { type TemporalServer, startTemporalServer } from '../../scripts/temporal-server.mjs';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.ts';

export interface TestTemporal {
  address: string;
  namespace: string;
  connection: Connection;
  nativeConnection: NativeConnection;
  /** Of `connection` and `namespace`. */
  client: Client;
  /** Closes both connections. Shut the workers down before. */
  close(): Promise<void>;
}

/** `temporal.api.enums.v1.IndexedValueType`. */
const KEYWORD = 2;

/**
 * A namespace of the caller's own, with our search attributes, on the server that all test files share. Our task
 * queues have fixed names: in one namespace, the workers of one file would take the tasks of another.
 */
export async function connectToTemporal({
  address = inject('temporalAddress'),
  searchAttributes = true,
}: { address?: string; searchAttributes?: boolean } = {}): Promise<TestTemporal> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  if (searchAttributes) {
    const attributes = Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes });
  }
  const nativeConnection = await NativeConnection.connect({ address });
  return {
    address,
    namespace,
    connection,
    nativeConnection,
    client: new Client({ connection, namespace }),
    async close() {
      await connection.close();
      await nativeConnection.close();
    },
  };
}

export interface OwnTemporal {
  /** The same before and after a restart. */
  address: string;
  /** As a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with the same data. */
  restart(): Promise<void>;
  /** It keeps its connections and accepts new ones, but answers none. */
  pause(): void;
  resume(): void;
  /** Ends the server and removes its data. */
  close(): Promise<void>;
}

/** A server of the test's own, in a SQLite file, which the test can kill and restart. */
export async function startOwnTemporal(dynamicConfig: Record<string, string> = {}): Promise<OwnTemporal> {
  const folder = await mkdtemp(join(tmpdir(), 'own-temporal-'));
  const files = { dbFilename: join(folder, 'temporal.db'), logFile: join(folder, 'temporal.log'), dynamicConfig };
  const binary = inject('temporalBinary');
  let server: TemporalServer = await startTemporalServer({ binary, ...files });
  const { address } = server;
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return {
    address,
    kill: () => server.kill(),
    pause: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
    async restart() {
      server = await startTemporalServer({ binary, port, ...files });
    },
    async close() {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
