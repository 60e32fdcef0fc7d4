import type { Client } from '@temporalio/client';
import { queuesOf } from '../contract/names.ts';
import { iso } from './server-view.ts';

/** A worker that has asked the Temporal server for work. */
export interface Poller {
  /** Process id and host, unless it was given a name. */
  identity: string;
  /** ISO 8601. One that lives and has nothing to do asks once a minute. */
  lastAskedAt: string;
}

const DEADLINE_MS = 3_000;

/**
 * The workers of a provider that have asked for workflow tasks in the last five minutes, which is as long as the server
 * remembers them, the latest first: every worker asks for these, whatever the call budget is. Null: the server does not say.
 */
export async function readPollers(client: Client, provider: string | undefined): Promise<Poller[] | null> {
  // Without a type: of workflow tasks.
  const asked = {
    namespace: client.options.namespace,
    taskQueue: { name: queuesOf(provider).requests },
  };
  try {
    const read = () => client.workflowService.describeTaskQueue(asked);
    const { pollers } = await client.withDeadline(Date.now() + DEADLINE_MS, read);
    return (pollers ?? [])
      .map(({ identity, lastAccessTime }) => ({ identity: identity ?? '', lastAskedAt: iso(lastAccessTime) ?? '' }))
      .toSorted((one, other) => other.lastAskedAt.localeCompare(one.lastAskedAt));
  } catch {
    return null;
  }
}
