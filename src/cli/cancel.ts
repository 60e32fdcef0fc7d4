import { Command } from 'commander';
import { requestIdArgument } from './arguments.ts';
import { withClient } from './client.ts';
import { jsonOption, tell, type OutputOptions } from './output.ts';
import { showRequest } from './show-request.ts';

/** `external-api cancel`: asks for the end of a request. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description('Ask for the end of a running request. What the provider has begun is not undone.')
    .addArgument(requestIdArgument())
    .option('--reason <text>', 'why; kept in the history of the request')
    .addOption(jsonOption())
    .action(run);
}

async function run(requestId: string, { reason, ...output }: OutputOptions & { reason?: string }): Promise<void> {
  await withClient(async (client) => {
    await client.cancel(requestId, reason);
    tell(`Asked for the end of ${requestId}. It ends when its worker has seen that.`);
    await showRequest(client, requestId, output);
  });
}
