import { Command, Option } from 'commander';
import { wasRetried } from '../client/advice.ts';
import { ERROR_TYPES, FAILED_STATUSES, type ErrorType, type FailedStatus } from '../contract/values.ts';
import { pastTime, requestIdArgument } from './arguments.ts';
import { UsageError } from './exit.ts';
import { jsonOption, tell, type OutputOptions } from './output.ts';
import { retryAll } from './retry-all.ts';
import { shellUser } from './shell-user.ts';
import { showRequest } from './show-request.ts';
import { withClient } from './with-client.ts';

interface Options extends OutputOptions {
  by?: string;
  reason?: string;
  all?: boolean;
  status?: FailedStatus;
  error?: ErrorType;
  tenant?: string;
  since?: Date;
  refused?: boolean;
  yes?: boolean;
}

/** `external-api retry`: sends a request again that ended without a result, or all that did. */
export function retryCommand(): Command {
  return new Command('retry')
    .usage(
      '<id> [--reason <text>]\n' +
        '       external-api retry --all --status failed|timed_out --since <when>\n' +
        '                          [--error <type>] [--tenant <name>] [--refused] [--yes]',
    )
    .description(
      'Send a request again that failed or timed out, as a new one with the same data and options. A second retry finds ' +
        'the first. Only work that is known not to have been done is sent again; work that the provider has is asked for. ' +
        'What may have been done is refused, with what to do instead.',
    )
    .addArgument(requestIdArgument().argOptional())
    .option('--reason <text>', 'why; kept with the new request')
    .option('--by <name>', 'who asks; kept with the new request (default: the user of this shell)')
    .option('--all', 'all requests that ended so; a dry run without --yes')
    .addOption(new Option('--status <status>', 'with --all: how they ended').choices(FAILED_STATUSES))
    .option('--since <when>', 'with --all: only those that ended since, such as 12h or 2026-11-25T18:00Z', pastTime)
    .addOption(new Option('--error <type>', 'with --all: only those with this error').choices(ERROR_TYPES))
    .option('--tenant <name>', 'with --all: only requests of this tenant')
    .option(
      '--refused',
      'with --all: also those whose input the provider refused, who fail again unless it has changed',
    )
    .option('--yes', 'with --all: do it')
    .addOption(jsonOption())
    .action(run);
}

async function run(requestId: string | undefined, options: Options): Promise<void> {
  const { all = false, status, since, error, tenant, refused, yes, reason } = options;
  const who = { by: options.by ?? shellUser(), ...(reason !== undefined && { reason }) };
  if (all) {
    if (requestId !== undefined) throw new UsageError('name one request, or all of them with --all, not both');
    if (status === undefined || since === undefined) {
      throw new UsageError('--all needs --status failed|timed_out and --since: when they ended, such as 12h');
    }
    const bulk = { ...who, status, since, error, tenant, refused: refused === true, yes: yes === true };
    process.exitCode = await withClient((client) => retryAll(client, bulk, options));
    return;
  }
  const lost = Object.entries({
    '--status': status,
    '--since': since,
    '--error': error,
    '--tenant': tenant,
    '--refused': refused,
    '--yes': yes,
  });
  for (const [flag, value] of lost) if (value !== undefined) throw new UsageError(`${flag} goes with --all only`);
  if (requestId === undefined) throw new UsageError('say which request: retry <id>, or retry --all');
  await withClient(async (client) => {
    const { requestId: retryId, started, adopted } = await client.retry(requestId, who);
    const did = adopted === null ? 'sent again' : `${adopted} is asked for`;
    tell(`${requestId}: ${started ? `${did} as ${retryId}` : wasRetried(retryId)}`);
    await showRequest(client, retryId, options);
  });
}
