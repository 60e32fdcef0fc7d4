#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { EXIT, EXIT_CODES_HELP, reportError } from './exit.ts';
import { guardOutput } from './guard-output.ts';
import { tell } from './output.ts';
import { widthOf, wrap } from './wrap.ts';

const OF_TEMPORAL = `
Environment:
  TEMPORAL_ADDRESS         Temporal server (default: localhost:7233)
  TEMPORAL_NAMESPACE       namespace (default: default)
`;
const OF_WORKER = `  EXTERNAL_API_WORKER_URL  a worker that says what the call budget is
                           (default: http://127.0.0.1:9464)
`;
const ENVIRONMENTS = { none: '', temporal: OF_TEMPORAL, all: OF_TEMPORAL + OF_WORKER } as const;
/** Below what an exit code means. */
const HANGING = ' '.repeat(5);

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('external-api')
    .description('Durable calls to a slow, flaky, rate-limited HTTP API.')
    .version(version(), '-V, --version')
    .addHelpText('afterAll', () => wrap(`${environment}\n${EXIT_CODES_HELP}`, widthOf(process.stdout), HANGING))
    .exitOverride();
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const named = first === 'help' ? second : first;
  const environment = ENVIRONMENTS[COMMANDS[named ?? '']?.reads ?? 'all'];
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = name === named ? await entry.load() : listed(name, entry);
    program.addCommand(inherit(command, program).summary(entry.summary));
  }
  await program.parseAsync(args, { from: 'user' });
}

/** Commander does so only for commands that it makes itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** A command as the help lists it. */
function listed(name: string, { arguments: names }: CommandEntry): Command {
  return names === undefined ? new Command(name) : new Command(name).arguments(names);
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

guardOutput();
// Node's own listener would add its process id and a hint for developers.
process.removeAllListeners('warning');
process.on('warning', ({ message }) => tell(`warning: ${message}`));

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommanderError)) reportError(error);
  // Commander has told it, and all that it complains of is the command line.
  else if (error.exitCode !== 0) process.exitCode = EXIT.usage;
}
