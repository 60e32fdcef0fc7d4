import closeWithGrace from 'close-with-grace';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type FakeProvider, startFakeProvider } from '../fake-provider/index.ts';
import { wholeNumber } from './arguments.ts';
import { runProcess } from './exit.ts';

interface Options {
  host: string;
  port: number;
  jobDuration: number;
  rateLimit: number;
  idempotency: 'honour' | 'ignore';
  tokenLifetime: number;
  apiKey: string;
  clientId: string;
  clientSecret: string;
}

/** `external-api fake-provider`: the simulator of the provider, until SIGINT or SIGTERM. */
export function fakeProviderCommand(): Command {
  return new Command('fake-provider')
    .description('Run a simulator of the external API, with a ledger and scripted faults under /_control/.')
    .option('--host <host>', 'address to listen on; whoever can connect controls the simulator', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', wholeNumber(0, 65_535), 4010)
    .option('--job-duration <ms>', 'how long an async job takes', wholeNumber(0, 2 ** 31 - 1), 1000)
    .option('--rate-limit <n>', 'calls admitted in any 60 s; 0 for no limit', wholeNumber(0, 1_000_000), 1000)
    .addOption(
      new Option('--idempotency <mode>', 'what a repeated Idempotency-Key meets')
        .choices(['honour', 'ignore'])
        .default('honour'),
    )
    .option('--token-lifetime <s>', 'seconds that an access token is accepted', wholeNumber(0, 1_000_000_000), 3600)
    .addOption(credential('--api-key <key>', 'API key that callers must present', 'EXTERNAL_API_KEY', 'demo-api-key'))
    .addOption(credential('--client-id <id>', 'OAuth2 client id', 'EXTERNAL_OAUTH_CLIENT_ID', 'demo-client'))
    .addOption(
      credential('--client-secret <secret>', 'OAuth2 client secret', 'EXTERNAL_OAUTH_CLIENT_SECRET', 'demo-secret'),
    )
    .action((options: Options) => runProcess(() => run(options)));
}

async function run(options: Options): Promise<void> {
  const provider = await start(options);
  closeWithGrace({ delay: 5000 }, () => provider.close());
  console.log(`fake provider listens on ${provider.url}`);
}

async function start(options: Options): Promise<FakeProvider> {
  const { host, port, apiKey, clientId, clientSecret } = options;
  try {
    return await startFakeProvider({
      host,
      port,
      credentials: { apiKey, clientId, clientSecret },
      settings: {
        jobDurationMs: options.jobDuration,
        rateLimit: options.rateLimit,
        idempotency: options.idempotency,
        tokenLifetimeS: options.tokenLifetime,
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'choose another --host or --port (0 takes a free one)';
    throw new Error(`cannot listen on ${host}:${port}; ${advice}: ${reason}`, { cause: error });
  }
}

function credential(flags: string, description: string, variable: string, fallback: string): Option {
  return new Option(flags, description).env(variable).default(fallback).argParser(notEmpty);
}

function notEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}
