import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '#product/contract/names.js';

/** `temporal.api.enums.v1.IndexedValueType`. */
const KEYWORD = 2;

export interface Namespace {
  namespace: string;
  client: Client;
  close(): Promise<void>;
}

/** A namespace with our search attributes: our task queues have fixed names, so each group of workers needs its own. */
export async function createNamespace(address: string, namespace: string): Promise<Namespace> {
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  const searchAttributes = Object.fromEntries(Object.values(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return { namespace, client: new Client({ connection, namespace }), close: () => connection.close() };
}
