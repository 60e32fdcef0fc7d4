import type { Command } from 'commander';

export interface CommandEntry {
  summary: string;
  arguments?: string;
  /** Which of the environment its help tells. Default: all. */
  reads?: 'none' | 'temporal';
  load: () => Promise<Command>;
}

/** Only the command that is named is loaded: a worker loads a native library, and most of these load the Temporal SDK. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
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
  deliveries: {
    summary: 'tell callers again what they were not told',
    arguments: '<command>',
    load: async () => (await import('./deliveries-command.ts')).deliveriesCommand(),
  },
  list: { summary: 'list requests', load: async () => (await import('./list-command.ts')).listCommand() },
  budget: { summary: 'show the call budget', load: async () => (await import('./budget-command.ts')).budgetCommand() },
  provider: {
    summary: 'list, check and try profiles of providers',
    arguments: '<command>',
    reads: 'none',
    load: async () => (await import('./provider-command.ts')).providerCommand(),
  },
  setup: {
    summary: 'prepare the Temporal namespace',
    reads: 'temporal',
    load: async () => (await import('./setup-command.ts')).setupCommand(),
  },
  worker: {
    summary: 'run a worker, which makes the calls',
    reads: 'temporal',
    load: async () => (await import('./worker-command.ts')).workerCommand(),
  },
  gateway: {
    summary: 'run the HTTP gateway',
    load: async () => (await import('./gateway-command.ts')).gatewayCommand(),
  },
  completion: {
    summary: 'complete commands in a shell',
    arguments: '<shell>',
    reads: 'none',
    load: async () => (await import('./completion-command.ts')).completionCommand(loadAll),
  },
  'fake-provider': {
    summary: 'run a simulator of the provider',
    reads: 'none',
    load: async () => (await import('./fake-provider-command.ts')).fakeProviderCommand(),
  },
};

/** Every command, with all that it takes. */
async function loadAll(): Promise<Command[]> {
  return await Promise.all(Object.values(COMMANDS).map(({ load }) => load()));
}
