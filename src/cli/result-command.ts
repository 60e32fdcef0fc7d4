import { Command } from 'commander';
import { duration, LONGEST_WAIT_MS, requestIdArgument } from './arguments.ts';
import { withClient } from './with-client.ts';
import { jsonOption } from './output.ts';
import { waitForRequest, type WaitOptions } from './show-request.ts';

/** `external-api result`: waits for the end of a request. */
export function resultCommand(): Command {
  return new Command('result')
    .description('Wait until a request has ended, and show its result.')
    .addArgument(requestIdArgument())
    .option('--timeout <duration>', 'how long to wait, such as 90s (default: to the end)', duration(LONGEST_WAIT_MS))
    .addOption(jsonOption())
    .action(run);
}

async function run(requestId: string, options: WaitOptions): Promise<void> {
  process.exitCode = await withClient(async (client) => {
    // Tells within seconds when there is no such request, or no server: a wait has more patience with both.
    await client.status(requestId);
    return await waitForRequest(client, requestId, options);
  });
}
