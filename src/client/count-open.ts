import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES, WORKFLOW_TYPE, workflowIdOf } from '../contract/names.ts';

/** Of a query: the others are taken for listed. */
const MOST_NAMED = 500;

/**
 * How many requests of a tenant are open. The server lists some moments late what was started: those of `started` are open
 * unless it lists them as ended.
 *
 * @param started ids of its requests, the latest last
 */
export async function countOpen(client: Client, tenant: string, started: readonly string[]): Promise<number> {
  const named = started.slice(-MOST_NAMED);
  const { groups } = await client.workflow.count(queryOf(tenant, named));
  const isOpen = ({ groupValues }: (typeof groups)[number]): boolean => groupValues[0]?.[0] === 'Running';
  const sumOf = (of: typeof groups): number => of.reduce((sum, { count }) => sum + count, 0);
  return sumOf(groups.filter(isOpen)) + named.length - sumOf(groups.filter((group) => !isOpen(group)));
}

/** Those that run, without the named ones; and of the named ones those that have ended. */
function queryOf(tenant: string, named: readonly string[]): string {
  const ids = named.map((id) => `'${workflowIdOf(id)}'`).join(', ');
  const counted =
    named.length === 0
      ? "ExecutionStatus = 'Running'"
      : `((ExecutionStatus = 'Running' AND WorkflowId NOT IN (${ids})) OR (ExecutionStatus != 'Running' AND WorkflowId IN (${ids})))`;
  const ofTenant = `WorkflowType = '${WORKFLOW_TYPE}' AND ${SEARCH_ATTRIBUTES.tenant} = '${tenant}'`;
  return `${ofTenant} AND ${counted} GROUP BY ExecutionStatus`;
}
