import { Command } from 'commander';
import { BudgetUnreadableError, readBudget } from '../client/budget-source.ts';
import { HEARD_OF_NONE, heardOfWorkers } from '../client/poller-words.ts';
import type { TemporalConfig } from '../config/temporal.ts';
import { temporalServer } from '../contract/address.ts';
import { budgetToWire } from '../contract/budget-view.ts';
import { writtenProvider } from '../contract/names.ts';
import { configOfCommand } from './config-of-command.ts';
import { EXIT } from './exit.ts';
import { jsonOption, print, tell, type OutputOptions } from './output.ts';
import { budgetText } from './readable.ts';

/** `external-api budget`: what the call budget is now. */
export function budgetCommand(): Command {
  return new Command('budget')
    .description(
      'Show how many calls were made, and when the next may go out, as the worker at EXTERNAL_API_WORKER_URL says it. ' +
        'Workers that count in Redis all say the same.',
    )
    .addOption(jsonOption())
    .action(run);
}

async function run(options: OutputOptions): Promise<void> {
  const { workerUrl, workerUrlFrom, temporal, provider } = configOfCommand();
  try {
    const view = await readBudget(workerUrl);
    print(budgetToWire(view), (width) => budgetText(view, new Date(), width), options);
  } catch (error) {
    if (!(error instanceof BudgetUnreadableError)) throw error;
    tell(
      `error: No worker says what the call budget is: ${error.message}. The address is ${workerUrlFrom}. ` +
        `${await whetherWorkersLive(temporal, writtenProvider(provider))} Set EXTERNAL_API_WORKER_URL to where one has its METRICS_HOST and ` +
        'METRICS_PORT, such as http://127.0.0.1:9464.',
    );
    process.exitCode = EXIT.unavailable;
  }
}

/** Whoever is slow is not gone: the Temporal server may have heard of a worker. */
async function whetherWorkersLive(temporal: TemporalConfig, provider: string | undefined): Promise<string> {
  // Only now: the Temporal SDK takes longer to load than most workers to answer.
  const [{ Client }, { readPollers }, { withConnection }] = await Promise.all([
    import('@temporalio/client'),
    import('../client/server-pollers.ts'),
    import('./with-connection.ts'),
  ]);
  const { namespace, connectionOptions, addressFrom: from } = temporal;
  const pollers = await withConnection(temporal, (connection) =>
    readPollers(new Client({ connection, namespace }), provider),
  );
  if (pollers === null) {
    const server = temporalServer({ address: connectionOptions.address, from });
    return `The Temporal server at ${server} does not say whether there is one.`;
  }
  const heard = heardOfWorkers(pollers, new Date());
  return heard === null ? `As far as Temporal knows ${HEARD_OF_NONE}: start one.` : `${heard}.`;
}
