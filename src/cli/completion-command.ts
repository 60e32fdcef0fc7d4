import { Argument, Command } from 'commander';
import { bashCompletion } from './bash-completion.ts';

/** `external-api completion`: a script that completes command lines. */
export function completionCommand(commands: () => Promise<Command[]>): Command {
  return new Command('completion')
    .description(
      'Print a script that completes commands, options and their values. For bash, in ~/.bashrc: ' +
        '`eval "$(external-api completion bash)"`.',
    )
    .addArgument(new Argument('<shell>', 'whose script').choices(['bash']))
    .action(async () => {
      process.stdout.write(bashCompletion('external-api', await commands()));
    });
}
