import { Command } from 'commander';
import { requestIdArgument } from './arguments.ts';
import { withClient } from './with-client.ts';
import { jsonOption, type OutputOptions } from './output.ts';
import { showRequest } from './show-request.ts';

/** `external-api status`: where a request is now. */
export function statusCommand(): Command {
  return new Command('status')
    .description('Show where a request is now, and what it waits for. Makes no call to the provider.')
    .addArgument(requestIdArgument())
    .addOption(jsonOption())
    .action(async (requestId: string, options: OutputOptions) => {
      await withClient((client) => showRequest(client, requestId, options));
    });
}
