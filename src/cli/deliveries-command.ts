import { Command, Option } from 'commander';
import { deliveryToWire } from '../client/delivery-to-wire.ts';
import type { DeliverySummary } from '../client/deliveries.ts';
import { span } from '../client/time-in-words.ts';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../contract/values.ts';
import { requestIdArgument, wholeNumber } from './arguments.ts';
import { jsonOption, print, type OutputOptions } from './output.ts';
import { shellUser } from './shell-user.ts';
import { tableText, type Column } from './table.ts';
import { withClient } from './with-client.ts';

const DEFAULT_LIMIT = 20;

/** `external-api deliveries`: what a person does about ends that callers were not told. */
export function deliveriesCommand(): Command {
  return new Command('deliveries')
    .description('The deliveries of ends to callers: see docs/deliveries.md.')
    .addCommand(listCommand())
    .addCommand(redeliverCommand());
}

interface ListOptions extends OutputOptions {
  status: DeliveryStatus;
  tenant?: string;
  limit: number;
}

function listCommand(): Command {
  return new Command('list')
    .summary('list deliveries')
    .description(
      'List deliveries of one status, the latest first. Dead ones were given up: they are sent again by hand.',
    )
    .addOption(new Option('--status <status>', 'what has become of them').choices(DELIVERY_STATUSES).default('dead'))
    .option('--tenant <name>', 'only deliveries of this tenant')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 10_000), DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(list);
}

async function list({ status, tenant, limit, ...output }: ListOptions): Promise<void> {
  const found = await withClient(async (client) => {
    const listed: DeliverySummary[] = [];
    const filters = { status, limit, ...(tenant !== undefined && { tenant }) };
    for await (const delivery of client.deliveries.list(filters)) listed.push(delivery);
    return listed;
  });
  const now = Date.now();
  print({ deliveries: found.map(deliveryToWire) }, (width) => listText(found, now, width), output);
}

function listText(deliveries: readonly DeliverySummary[], now: number, width: number): string {
  if (deliveries.length === 0) return 'No deliveries.';
  const columns: Column<DeliverySummary>[] = [
    { title: 'REQUEST', cell: ({ requestId }) => requestId },
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'AGE', cell: ({ startedAt }) => span(now - Date.parse(startedAt)) },
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts ?? '-') },
    { title: 'TENANT', cell: ({ tenant }) => tenant, least: 6 },
    { title: 'REASON', cell: ({ reason, target }) => reason ?? target, least: 20 },
  ];
  return tableText(columns, deliveries, width);
}

interface RedeliverOptions extends OutputOptions {
  reason: string;
  by?: string;
}

function redeliverCommand(): Command {
  return new Command('redeliver')
    .summary('deliver the end of a request again')
    .description(
      'Deliver the end of a request again, at once: one that was given up, waits for its next attempt, or was never begun.',
    )
    .addArgument(requestIdArgument())
    .requiredOption('--reason <text>', 'why; kept with the delivery')
    .option('--by <name>', 'who asks; kept with the delivery (default: the user of this shell)')
    .addOption(jsonOption())
    .action(redeliver);
}

async function redeliver(id: string, { reason, by = shellUser(), ...output }: RedeliverOptions): Promise<void> {
  const begun = await withClient((client) => client.deliveries.redeliver(id, { by, reason }));
  const { requestId, webhookId, target } = begun;
  const document = { request_id: requestId, webhook_id: webhookId, target };
  print(document, `The end of ${requestId} is being delivered to ${target} again.`, output);
}
