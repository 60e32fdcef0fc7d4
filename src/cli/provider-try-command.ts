import { Argument, Command } from 'commander';
import { duration, LONGEST_WAIT_MS } from './arguments.ts';
import { jsonOption, type OutputOptions } from './output.ts';

export interface TryCommandOptions extends OutputOptions {
  data?: string;
  file?: string;
  id?: string;
  cancel?: boolean;
  timeout?: number;
}

export function tryCommand(): Command {
  return new Command('try')
    .summary('submit once, poll, and show every exchange')
    .usage('<profile> [-] [options]\n       external-api provider try <profile> --id <handle> [options]')
    .description(
      'Make one real submit to the provider, poll the work to its end, and print every exchange without secrets, and how ' +
        'the profile reads it: whether a profile fits. Neither Temporal nor Redis is needed. Credentials, URLs, proxy and ' +
        'timeouts are the variables of a worker.',
    )
    .addArgument(new Argument('<profile>', 'name of a shipped profile, or path of a YAML file'))
    .addArgument(new Argument('[-]', 'read the data from standard input'))
    .option('--data <json>', 'what to submit, any JSON but null')
    .option('--file <path>', 'read the data from a JSON file')
    .option('--id <handle>', 'go on with work that the provider has, and submit nothing')
    .option('--cancel', 'ask the provider to stop as soon as it has the work')
    .option('--timeout <duration>', 'how long to go on, such as 90s (default: 10m)', duration(LONGEST_WAIT_MS))
    .addOption(jsonOption())
    .action(runTry);
}

/** What makes calls is loaded for this command alone. */
async function runTry(profile: string, stdin: string | undefined, options: TryCommandOptions): Promise<void> {
  const { tryProfile } = await import('./try-profile.ts');
  process.exitCode = await tryProfile(profile, stdin, options);
}
