import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

/** `temporal.api.enums.v1.IndexedValueType`. */
const KEYWORD = 2;

/** A namespace with our search attributes: our task queues have fixed names, so each group of workers needs its own. */
export async function createNamespace(address, namespace) {
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  const searchAttributes = { ExternalApiTenant: KEYWORD, ExternalApiAttention: KEYWORD };
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  return { namespace, client: new Client({ connection, namespace }), close: () => connection.close() };
}
