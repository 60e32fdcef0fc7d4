import { Command } from 'commander';

import { requestIdArgument } from './arguments.ts';
import { withClient } from './with-client.ts';
import { jsonOption, tell, type OutputOptions } from './output.ts';
import { showRequest } from './show-request.ts';
import { isTerminal } from '../contract/values.ts';

const USUAL_END_MS = 3_000;

/** `external-api cancel`: asks for the end of a request. */
export function cancelCommand(): Command {
  return new Command('cancel')
    .description(
      'Ask for the end of a running request. Its state then says what became of the work: a provider that cannot be ' +
        'told may finish it, and a result that came first is kept.',
    )
    .addArgument(requestIdArgument())
    .option('--reason <text>', 'why; kept in the history of the request')
    .addOption(jsonOption())
    .action(run);
}

async function run(requestId: string, { reason, ...output }: OutputOptions & { reason?: string }): Promise<void> {
  await withClient(async (client) => {
    await client.cancel(requestId, reason);
    // Most end at once; then the state says how.
    await client.result(requestId, { timeout: USUAL_END_MS }).catch(() => {});
    const { status } = await showRequest(client, requestId, output);
    if (!isTerminal(status)) tell(`It goes on until its worker knows what became of the work: status ${requestId}`);
  });
}
