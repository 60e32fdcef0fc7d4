import { Argument, Command, Option } from 'commander';

import { MAX_DEADLINE_MS } from '../contract/limits.ts';
import { duration, LONGEST_WAIT_MS } from './arguments.ts';
import { withClient } from './with-client.ts';
import { EXIT } from './exit.ts';
import { jsonOption, tell, type OutputOptions } from './output.ts';
import { readData } from './request-data.ts';
import { showRequest, waitForRequest } from './show-request.ts';
import {
  CACHE_USES,
  IDEMPOTENCIES,
  PRIORITIES,
  type CacheUse,
  type Idempotency,
  type Priority,
} from '../contract/values.ts';

interface Options extends OutputOptions {
  data?: string;
  file?: string;
  async?: boolean;
  callbackUrl?: string;
  key?: string;
  tenant?: string;
  deadline?: number;
  unknownHold?: number;
  idempotency?: Idempotency;
  cache?: CacheUse;
  priority?: Priority;
  kind?: string;
  coalesce?: boolean;
  wait?: boolean;
  timeout?: number;
}

/** `external-api process`: starts a request, or finds the one that has the same key. */
export function processCommand(): Command {
  return new Command('process')
    .description(
      'Start a durable request. Prints its id and state at once; with --wait, its result.\n' +
        'With --key, repeating the command finds the same request and never starts a second one.',
    )
    .addArgument(new Argument('[-]', 'read the data from standard input'))
    .option('--data <json>', 'what to process, any JSON but null')
    .option('--file <path>', 'read the data from a JSON file')
    .option('--async', 'ask the provider for an id at once and for the result later')
    .option('--callback-url <url>', 'URL of yours, kept with the request; the provider never gets it')
    .option('--key <key>', 'idempotency key: the same tenant and key are always the same request')
    .option('--tenant <name>', 'whom the request belongs to (default: default)')
    .option('--deadline <duration>', 'when the request ends without a result, such as 10m', duration(MAX_DEADLINE_MS))
    .addOption(
      new Option(
        '--idempotency <mode>',
        'after a lost answer: none never sends again, though the worker would; key and resend must be what the worker has',
      ).choices(IDEMPOTENCIES),
    )
    .addOption(
      new Option(
        '--cache <mode>',
        'read: an earlier answer to equal data will do (default without --key); refresh: only the new one, kept for others; off: neither',
      ).choices(CACHE_USES),
    )
    .addOption(
      new Option('--priority <class>', 'bulk lets all others pass, and leaves them a tenth of the call budget').choices(
        PRIORITIES,
      ),
    )
    .addOption(
      // A key says itself what is the same request.
      new Option('--coalesce', 'join an equal request of the tenant that still runs; goes without --key').conflicts(
        'key',
      ),
    )
    .option('--kind <name>', 'requests of one kind take about the same time, after which they are first polled')
    .option(
      '--unknown-hold <duration>',
      'how long an unknown outcome waits for a decision, such as 10m',
      duration(MAX_DEADLINE_MS),
    )
    .option('--wait', 'wait for the result')
    .option('--timeout <duration>', 'how long to wait, such as 90s; means --wait', duration(LONGEST_WAIT_MS))
    .addOption(jsonOption())
    .action(run);
}

async function run(stdin: string | undefined, options: Options): Promise<void> {
  const { callbackUrl, key, tenant, deadline, unknownHold, idempotency, cache, priority, kind, coalesce } = options;
  const data = await readData({ ...options, stdin });
  process.exitCode = await withClient(async (client) => {
    const { requestId } = await client.process(
      { data, options: { async: options.async === true, ...(callbackUrl !== undefined && { callbackUrl }) } },
      {
        ...(key !== undefined && { idempotencyKey: key }),
        ...(tenant !== undefined && { tenant }),
        ...(deadline !== undefined && { deadline }),
        ...(unknownHold !== undefined && { unknownHold }),
        ...(idempotency !== undefined && { idempotency }),
        ...(cache !== undefined && { cache }),
        ...(priority !== undefined && { priority }),
        ...(kind !== undefined && { kind }),
        ...(coalesce !== undefined && { coalesce }),
      },
    );
    // At once and before anything can fail: whoever loses the id loses the request.
    tell(`Request ${requestId}`);
    if (options.wait || options.timeout !== undefined) return await waitForRequest(client, requestId, options);
    await showRequest(client, requestId, options);
    return EXIT.ok;
  });
}
