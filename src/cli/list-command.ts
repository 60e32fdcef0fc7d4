import { Command, Option } from 'commander';
import { type RequestSummary } from '../client/list-requests.ts';
import { wholeNumber } from './arguments.ts';
import { withClient } from './with-client.ts';
import { jsonOption, print, tell, type OutputOptions } from './output.ts';
import { listText } from './readable.ts';
import { LIST_STATUSES, type ListStatus } from '../contract/values.ts';

interface Options extends OutputOptions {
  status?: ListStatus;
  tenant?: string;
  limit: number;
  cursor?: string;
}

/** `external-api list`: requests, running ones first, then the latest ended. */
export function listCommand(): Command {
  return new Command('list')
    .description(
      'List requests: those that run, the latest started first, then those that have ended, the latest ended first.',
    )
    .addOption(new Option('--status <status>', 'only requests of this status').choices(LIST_STATUSES))
    .option('--tenant <name>', 'only requests of this tenant')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 10_000), 20)
    .option('--cursor <cursor>', 'go on where an earlier list with the same filters ended: its next_cursor')
    .addOption(jsonOption())
    .action(run);
}

async function run({ json, ...filters }: Options): Promise<void> {
  const { requests, nextCursor } = await withClient(async (client) => {
    const list = client.list(filters);
    const found: RequestSummary[] = [];
    for await (const request of list) found.push(request);
    return { requests: found, nextCursor: list.nextCursor };
  });
  const document = { requests: requests.map(summaryToWire), next_cursor: nextCursor };
  print(document, listText(requests), { json: json === true });
  if (nextCursor !== null && process.stdout.isTTY) tell(`There are more: --cursor ${nextCursor}`);
}

function summaryToWire({ requestId, tenant, status, createdAt, completedAt, retryOf }: RequestSummary) {
  return {
    request_id: requestId,
    tenant,
    status,
    created_at: createdAt,
    completed_at: completedAt,
    retry_of: retryOf,
  };
}
