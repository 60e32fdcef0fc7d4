import { Argument, Command } from 'commander';
import type { InvalidateOptions } from '../client/start-invalidation.ts';
import { parseRequestId } from './arguments.ts';
import { withClient } from './with-client.ts';
import { UsageError } from './exit.ts';
import { jsonOption, print, type OutputOptions } from './output.ts';
import { readData } from './request-data.ts';
import { shellUser } from './shell-user.ts';

interface Options extends OutputOptions {
  request?: string;
  tenant?: string;
  data?: string;
  file?: string;
  async?: boolean;
  callbackUrl?: string;
  by?: string;
}

/** `external-api cache`: what a person does to the response cache. */
export function cacheCommand(): Command {
  return new Command('cache').description('The response cache of the workers.').addCommand(invalidateCommand());
}

function invalidateCommand(): Command {
  return new Command('invalidate')
    .summary('make it forget answers')
    .usage(
      '--request <id>\n' +
        '       external-api cache invalidate --tenant <name>\n' +
        '              [--data <json> | --file <path> | -] [--async]',
    )
    .description(
      'Forget the answer to one request, the answer to one input, or all answers of a tenant. The next equal request ' +
        'asks the provider again. Without REDIS_URL each worker has a cache of its own, and one of them forgets.',
    )
    .addArgument(new Argument('[-]', 'read the data from standard input'))
    .option('--request <id>', 'forget the answer to this request', parseRequestId)
    .option('--tenant <name>', 'forget all answers of this tenant, or with data one of them')
    .option('--data <json>', 'forget the answer to this input, any JSON but null')
    .option('--file <path>', 'read the data from a JSON file')
    .option('--async', 'with data: the input had options.async')
    .option('--callback-url <url>', 'with data: the input had this callback URL')
    .option('--by <name>', 'who asks; kept in the history (default: the user of this shell)')
    .addOption(jsonOption())
    .action(run);
}

async function run(stdin: string | undefined, options: Options): Promise<void> {
  const which = { ...(await whichAnswers(stdin, options)), by: options.by ?? shellUser() };
  await withClient((client) => client.invalidate(which));
  print({ success: true }, forgotten(which), options);
}

async function whichAnswers(stdin: string | undefined, options: Options): Promise<InvalidateOptions> {
  const { request, tenant, data, file, callbackUrl } = options;
  const hasData = [data, file, stdin].some((source) => source !== undefined);
  if (request !== undefined) {
    if (hasData || tenant !== undefined) throw new UsageError('--request names one answer: leave tenant and data out');
    return { requestId: request };
  }
  if (tenant === undefined) throw new UsageError('say what to forget: --request <id>, or --tenant <name>');
  if (!hasData) {
    if (options.async || callbackUrl !== undefined) throw new UsageError('--async and --callback-url go with data');
    return { tenant };
  }
  const input = {
    data: await readData({ data, file, stdin }),
    options: { async: options.async === true, ...(callbackUrl !== undefined && { callbackUrl }) },
  };
  return { tenant, input };
}

function forgotten({ requestId, tenant, input }: InvalidateOptions): string {
  if (requestId !== undefined) return `The answer to ${requestId} is forgotten.`;
  return input === undefined ? `All answers of ${tenant} are forgotten.` : `One answer of ${tenant} is forgotten.`;
}
