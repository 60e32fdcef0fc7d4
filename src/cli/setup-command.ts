import { NamespaceNotFoundError } from '@temporalio/common';
import { Command } from 'commander';
import { grpcCode, translated } from '../client/temporal-errors.ts';
import type { TemporalConfig } from '../config/temporal.ts';
import { temporalServer } from '../contract/address.ts';
import { SEARCH_ATTRIBUTES } from '../contract/names.ts';
import { wholeNumber } from './arguments.ts';
import { configOfCommand } from './config-of-command.ts';
import { explained } from './explain-no-answer.ts';
import { setUpNamespace, type NamespaceSetup } from './namespace-setup.ts';
import { jsonOption, print, type OutputOptions } from './output.ts';
import { withConnection } from './with-connection.ts';

/** `external-api setup`: prepares the namespace. */
export function setupCommand(): Command {
  return new Command('setup')
    .description(
      'Register the search attributes of requests in the Temporal namespace, and set its retention. Can be repeated.',
    )
    .option('--retention <days>', 'how long ended requests can be read (default: as it is)', wholeNumber(1, 3650))
    .addOption(jsonOption())
    .action(run);
}

async function run({ retention, ...output }: OutputOptions & { retention?: number }): Promise<void> {
  const { temporal } = configOfCommand();
  try {
    const setup = await setUp(temporal, retention);
    print(toWire(setup), setupText(setup), output);
  } catch (error) {
    throw await explained(inOurWords(error, temporal), temporal);
  }
}

async function setUp(temporal: TemporalConfig, retention?: number): Promise<NamespaceSetup> {
  return await withConnection(temporal, async (connection) => {
    // The calls that follow are repeated until their own deadline, each.
    await connection.withDeadline(Date.now() + CONNECT_DEADLINE_MS, () => connection.workflowService.getSystemInfo({}));
    return await setUpNamespace(connection, temporal.namespace, retention);
  });
}

const CONNECT_DEADLINE_MS = 5_000;

// gRPC status codes, https://grpc.io/docs/guides/status-codes/
const NOT_FOUND = 5;
/** PERMISSION_DENIED, and UNIMPLEMENTED: a server that has its own way of doing it. */
const NOT_FOR_US: readonly unknown[] = [7, 12];

function inOurWords(
  error: unknown,
  { namespace, connectionOptions: { address }, addressFrom: from }: TemporalConfig,
): unknown {
  const code = grpcCode(error);
  const server = temporalServer({ address, from });
  if (code === NOT_FOUND) return translated(new NamespaceNotFoundError(namespace), '', server);
  if (!NOT_FOR_US.includes(code)) return translated(error, '', server);
  return new Error(
    `These credentials may not change the namespace ${namespace}. Let an administrator run this command, or register ` +
      `${Object.values(SEARCH_ATTRIBUTES).join(' and ')} (both Keyword) with the tools of that server. ` +
      'Requests run without them too; lists then know less of them.',
    { cause: error },
  );
}

function toWire({ namespace, registered, retentionDays, retentionChanged }: NamespaceSetup) {
  return { namespace, registered, retention_days: retentionDays, retention_changed: retentionChanged };
}

function setupText({ namespace, registered, retentionDays, retentionChanged }: NamespaceSetup): string {
  return [
    `Namespace ${namespace}:`,
    ...Object.values(SEARCH_ATTRIBUTES).map(
      (name) => `  search attribute ${name}: ${registered.includes(name) ? 'registered' : 'there already'}`,
    ),
    `  retention: ${retentionChanged ? 'set to ' : ''}${retentionDays} ${retentionDays === 1 ? 'day' : 'days'}`,
  ].join('\n');
}
