import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { grpcCode } from '../client/temporal-errors.ts';
import { SEARCH_ATTRIBUTES } from '../contract/names.ts';

/** What a namespace has now, and which part of it was changed for it. */
export interface NamespaceSetup {
  namespace: string;
  /** Names of search attributes that were registered now. */
  registered: string[];
  retentionDays: number;
  retentionChanged: boolean;
}

const NAMES = Object.values(SEARCH_ATTRIBUTES);

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const INVALID_ARGUMENT = 3;

/** INDEXED_VALUE_TYPE_KEYWORD of temporal.api.enums.v1. */
const KEYWORD = 2;

const DAY_MS = 86_400_000;

/** A server may take a minute to tell all of its parts of a new attribute. */
const USABLE_WITHIN_MS = 90_000;

/**
 * Gives the namespace our search attributes, waits until they can be used, and sets its retention when that is given.
 * Repeating it changes nothing.
 * @throws Error when an attribute has another type, or is not usable in time; errors of the server as they are
 */
export async function setUpNamespace(
  connection: Connection,
  namespace: string,
  retentionDays?: number,
): Promise<NamespaceSetup> {
  const registered = await missingAttributes(connection, namespace);
  if (registered.length > 0) {
    const searchAttributes = Object.fromEntries(registered.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  await untilUsable(connection, namespace);
  return { namespace, registered, ...(await setRetention(connection, namespace, retentionDays)) };
}

async function missingAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const wrong = NAMES.filter((name) => (customAttributes[name] ?? KEYWORD) !== KEYWORD);
  if (wrong.length > 0) {
    throw new Error(
      `The namespace ${namespace} has ${wrong.join(' and ')} with another type than Keyword. ` +
        'Remove it (temporal operator search-attribute remove) and run setup again, or use another namespace.',
    );
  }
  return NAMES.filter((name) => customAttributes[name] === undefined);
}

async function untilUsable(connection: Connection, namespace: string): Promise<void> {
  const query = NAMES.map((name) => `${name} = 'none'`).join(' AND ');
  const end = Date.now() + USABLE_WITHIN_MS;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (grpcCode(error) !== INVALID_ARGUMENT) throw error;
      if (Date.now() > end) {
        throw new Error('The search attributes are registered, but not usable yet. Run setup again in a minute.', {
          cause: error,
        });
      }
    }
    await delay(200);
  }
}

async function setRetention(
  connection: Connection,
  namespace: string,
  wantedDays: number | undefined,
): Promise<Pick<NamespaceSetup, 'retentionDays' | 'retentionChanged'>> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const presentMs = config?.workflowExecutionRetentionTtl ? tsToMs(config.workflowExecutionRetentionTtl) : 0;
  if (wantedDays === undefined || wantedDays * DAY_MS === presentMs) {
    return { retentionDays: presentMs / DAY_MS, retentionChanged: false };
  }
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(wantedDays * DAY_MS) },
  });
  return { retentionDays: wantedDays, retentionChanged: true };
}
