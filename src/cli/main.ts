#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, EXIT_CODES_HELP, reportError } from './exit.ts';
import { guardOutput } from './guard-output.ts';
import { tell } from './output.ts';

interface CommandEntry {
  summary: string;
  arguments?: string;
  load: () => Promise<Command>;
}

/** Only the command that is named is loaded: a worker loads a native library, and most of these load the Temporal SDK. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  process: {
    summary: 'start a request',
    arguments: '[-]',
    load: async () => (await import('./process-command.ts')).processCommand(),
  },
  status: {
    summary: 'show where a request is',
    arguments: '<id>',
    load: async () => (await import('./status-command.ts')).statusCommand(),
  },
  why: {
    summary: 'say why a request is where it is',
    arguments: '<id>',
    load: async () => (await import('./why-command.ts')).whyCommand(),
  },
  result: {
    summary: 'wait for a result and show it',
    arguments: '<id>',
    load: async () => (await import('./result-command.ts')).resultCommand(),
  },
  cancel: {
    summary: 'end a running request',
    arguments: '<id>',
    load: async () => (await import('./cancel-command.ts')).cancelCommand(),
  },
  resolve: {
    summary: 'decide on an unknown outcome',
    arguments: '[id] [decision]',
    load: async () => (await import('./resolve-command.ts')).resolveCommand(),
  },
  retry: {
    summary: 'send a failed request again',
    arguments: '[id]',
    load: async () => (await import('./retry-command.ts')).retryCommand(),
  },
  cache: {
    summary: 'make the response cache forget',
    arguments: '<command>',
    load: async () => (await import('./cache-command.ts')).cacheCommand(),
  },
  list: { summary: 'list requests', load: async () => (await import('./list-command.ts')).listCommand() },
  budget: { summary: 'show the call budget', load: async () => (await import('./budget-command.ts')).budgetCommand() },
  setup: {
    summary: 'prepare the Temporal namespace',
    load: async () => (await import('./setup-command.ts')).setupCommand(),
  },
  worker: {
    summary: 'run a worker, which makes the calls',
    load: async () => (await import('./worker-command.ts')).workerCommand(),
  },
  gateway: {
    summary: 'run the HTTP gateway',
    load: async () => (await import('./gateway-command.ts')).gatewayCommand(),
  },
  'fake-provider': {
    summary: 'run a simulator of the provider',
    load: async () => (await import('./fake-provider-command.ts')).fakeProviderCommand(),
  },
};

const HELP = `
Environment:
  TEMPORAL_ADDRESS         Temporal server (default: localhost:7233)
  TEMPORAL_NAMESPACE       namespace (default: default)
  EXTERNAL_API_WORKER_URL  a worker that says what the call budget is (default: http://127.0.0.1:9464)

${EXIT_CODES_HELP}`;

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('external-api')
    .description('Durable calls to a slow, flaky, rate-limited HTTP API.')
    .version(version(), '-V, --version')
    .addHelpText('afterAll', HELP)
    .exitOverride();
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const named = first === 'help' ? second : first;
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
