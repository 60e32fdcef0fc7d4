import { Command, Option } from 'commander';
import type { ExternalApiClient } from '../client/external-api-client.ts';
import { type RequestSummary } from '../client/list-requests.ts';
import { ERROR_TYPES, LIST_STATUSES, type ErrorType, type ListStatus } from '../contract/values.ts';
import { errorToWire } from '../contract/wire-format.ts';
import { pastTime, wholeNumber } from './arguments.ts';
import { COUNTED_BY, countsText, listText, type Count, type CountedBy } from './list-text.ts';
import { jsonOption, print, tell, type OutputOptions } from './output.ts';
import { withClient } from './with-client.ts';

interface Options extends OutputOptions {
  status?: ListStatus;
  error?: ErrorType;
  tenant?: string;
  provider?: string;
  since?: Date;
  limit?: number;
  cursor?: string;
  long?: boolean;
  countBy?: CountedBy;
}

const DEFAULT_LIMIT = 20;

/** `external-api list`: requests, running ones first, then the latest ended. */
export function listCommand(): Command {
  return new Command('list')
    .description(
      'List requests: those that run, the latest started first, then those that have ended, the latest ended first.',
    )
    .addOption(new Option('--status <status>', 'only requests of this status').choices(LIST_STATUSES))
    .addOption(new Option('--error <type>', 'only requests that ended with this error').choices(ERROR_TYPES))
    .option('--tenant <name>', 'only requests of this tenant')
    .option('--provider <name>', 'only requests of the provider whose profile has this name')
    .option('--since <when>', 'only those that started or ended since, such as 12h or 2026-11-25T18:00Z', pastTime)
    .option('--limit <n>', `how many at most (default: ${DEFAULT_LIMIT}; with --count-by all)`, wholeNumber(1, 10_000))
    .option('--cursor <cursor>', 'go on where an earlier list with the same filters ended: its next_cursor')
    .option('--long', 'all columns, with times in full, however wide the table becomes')
    .addOption(
      new Option('--count-by <what>', 'only how many there are of each')
        .choices(Object.keys(COUNTED_BY))
        .conflicts(['long', 'cursor']),
    )
    .addOption(jsonOption())
    .action(run);
}

async function run({ json = false, long = false, countBy, ...filters }: Options): Promise<void> {
  await (countBy === undefined ? list(filters, long, { json }) : count(filters, countBy, { json }));
}

type Filters = Omit<Options, 'json' | 'long' | 'countBy'>;

async function list(filters: Filters, long: boolean, output: OutputOptions): Promise<void> {
  const { limit = DEFAULT_LIMIT } = filters;
  const { requests, nextCursor } = await withClient(async (client) => {
    const found = client.list({ ...filters, limit, withErrors: true });
    const listed: RequestSummary[] = [];
    for await (const request of found) listed.push(request);
    return { requests: listed, nextCursor: found.nextCursor };
  });
  const document = { requests: requests.map(summaryToWire), next_cursor: nextCursor };
  print(document, (width) => listText(requests, { long, now: new Date(), width }), output);
  if (nextCursor !== null && process.stdout.isTTY) tell(`There are more: --cursor ${nextCursor}`);
}

async function count(filters: Filters, by: CountedBy, output: OutputOptions): Promise<void> {
  const counts = await withClient((client) => countOf(client, filters, by));
  const total = counts.reduce((sum, { count: one }) => sum + one, 0);
  print({ count_by: by, counts, total }, (width) => countsText(by, counts, width), output);
}

async function countOf(client: ExternalApiClient, filters: Filters, by: CountedBy): Promise<Count[]> {
  const counts = new Map<string | null, number>();
  for await (const request of client.list({ ...filters, withErrors: by === 'error' })) {
    const value = COUNTED_BY[by](request);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return Array.from(counts, ([value, one]) => ({ value, count: one })).toSorted((a, b) => b.count - a.count);
}

function summaryToWire({
  requestId,
  tenant,
  provider,
  status,
  createdAt,
  completedAt,
  retryOf,
  hintedId,
  error,
}: RequestSummary) {
  return {
    request_id: requestId,
    tenant,
    ...(provider !== null && { provider }),
    status,
    created_at: createdAt,
    completed_at: completedAt,
    retry_of: retryOf,
    ...(hintedId !== undefined && { hinted_id: hintedId }),
    error: error && errorToWire(error),
  };
}
