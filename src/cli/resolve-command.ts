import { Argument, Command, Option } from 'commander';
import type { ResolveOptions } from '../client/resolve-request.ts';

import { MAX_DEADLINE_MS } from '../contract/limits.ts';
import { duration, requestIdArgument } from './arguments.ts';
import { withClient } from './with-client.ts';
import { UsageError } from './exit.ts';
import { jsonOption, tell, type OutputOptions } from './output.ts';
import { resolveAll } from './resolve-all.ts';
import { shellUser } from './shell-user.ts';
import { showRequest } from './show-request.ts';
import { BULK_DECISIONS, DECISIONS, type BulkDecision, type Decision } from '../contract/values.ts';

interface Options extends OutputOptions {
  reason: string;
  by?: string;
  providerId?: string;
  all?: BulkDecision;
  olderThan?: number;
  tenant?: string;
  yes?: boolean;
}

/** `external-api resolve`: a person's decision on an unknown outcome, or on all of them. */
export function resolveCommand(): Command {
  return new Command('resolve')
    .usage(
      '<id> resubmit|adopt|abandon --reason <text>\n' +
        '       external-api resolve --all resubmit|abandon --older-than <duration>\n' +
        '                            --reason <text> [--yes]',
    )
    .description(
      'Decide what becomes of a request whose outcome is unknown. Ask the provider first: it may have done the work.\n' +
        '  resubmit  send it again\n' +
        '  adopt     the provider has it: wait for that work, named by --provider-id\n' +
        '  abandon   end it as failed',
    )
    .addArgument(requestIdArgument().argOptional())
    .addArgument(new Argument('[decision]', 'resubmit, adopt or abandon').choices(DECISIONS))
    .requiredOption('--reason <text>', 'why; kept in the history of the request')
    .option('--by <name>', 'who decides; kept in the history of the request (default: the user of this shell)')
    .option('--provider-id <id>', "with adopt: the provider's id of the work")
    .addOption(
      new Option('--all <decision>', 'decide every request whose outcome is unknown; a dry run without --yes').choices(
        BULK_DECISIONS,
      ),
    )
    .option(
      '--older-than <duration>',
      'with --all: only outcomes unknown for so long, such as 10m',
      duration(MAX_DEADLINE_MS),
    )
    .option('--tenant <name>', 'with --all: only requests of this tenant')
    .option('--yes', 'with --all: do it')
    .addOption(jsonOption())
    .action(run);
}

async function run(requestId: string | undefined, decision: Decision | undefined, options: Options): Promise<void> {
  const { all, olderThan, tenant, yes = false, providerId, reason } = options;
  if (providerId !== undefined && decision !== 'adopt') throw new UsageError('--provider-id goes with adopt only');
  const by = options.by ?? shellUser();
  if (all !== undefined) {
    if (requestId !== undefined) throw new UsageError('name one request, or all of them with --all, not both');
    if (olderThan === undefined) {
      throw new UsageError('--all needs --older-than: for how long the outcomes must be unknown, such as 10m');
    }
    const bulk = { decision: all, olderThanMs: olderThan, tenant, by, reason, yes };
    process.exitCode = await withClient((client) => resolveAll(client, bulk, options));
    return;
  }
  const lost = Object.entries({ '--older-than': olderThan, '--tenant': tenant, '--yes': options.yes });
  for (const [flag, value] of lost) if (value !== undefined) throw new UsageError(`${flag} goes with --all only`);
  if (requestId === undefined || decision === undefined) {
    throw new UsageError('say which request and what to decide: resolve <id> resubmit|adopt|abandon --reason <text>');
  }
  const resolution = decisionOf(decision, providerId, by, reason);
  await withClient(async (client) => {
    await client.resolve(requestId, resolution);
    tell(`${requestId}: ${decision}, decided by ${by}`);
    await showRequest(client, requestId, options);
  });
}

function decisionOf(decision: Decision, providerRequestId: string | undefined, by: string, reason: string) {
  if (decision !== 'adopt') return { decision, by, reason } satisfies ResolveOptions;
  if (providerRequestId === undefined) {
    throw new UsageError("adopt needs --provider-id: the provider's own id of the work, to wait for");
  }
  return { decision, providerRequestId, by, reason } satisfies ResolveOptions;
}
