import { Command } from 'commander';
import { BudgetUnreadableError, readBudget } from '../client/budget-source.ts';
import { loadClientConfig } from '../config/client-config.ts';
import { budgetToWire } from '../contract/budget-view.ts';
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
  const { workerUrl } = loadClientConfig();
  try {
    const view = await readBudget(workerUrl);
    print(budgetToWire(view), budgetText(view, new Date()), options);
  } catch (error) {
    if (!(error instanceof BudgetUnreadableError)) throw error;
    tell(
      `error: No worker says what the call budget is: ${error.message}. Start a worker, or set ` +
        'EXTERNAL_API_WORKER_URL to where one has its METRICS_HOST and METRICS_PORT, such as http://127.0.0.1:9464.',
    );
    process.exitCode = EXIT.unavailable;
  }
}
