import { createCallBudget } from '../call-budget/create-call-budget.ts';
import { checkInput } from '../client/process-input.ts';
import { randomRequestId } from '../client/request-id.ts';
import { loadWorkerConfig, type WorkerConfig } from '../config/worker-config.ts';
import { ExternalAPIError } from '../contract/errors.ts';
import { isProviderRequestId, PROVIDER_REQUEST_ID_SHAPE, REQUEST_ID_PATTERN } from '../contract/names.ts';
import { loadProfile } from '../profile/load-profile.ts';
import { asksByReference } from '../profile/consistency.ts';
import { createMemoryJobTimes } from '../polling/job-times-store.ts';
import { createProviderClient } from '../provider/provider-client.ts';
import { rulesOf } from '../worker/fleet-state.ts';
import { EXIT, UsageError } from './exit.ts';
import { SecretHider, visible } from './hide-secrets.ts';
import { print, printLine, tell, type OutputOptions } from './output.ts';
import type { TryCommandOptions } from './provider-try-command.ts';
import { readData } from './request-data.ts';
import { noteCredentials, shownExchange, type ShownExchange } from './try-exchange.ts';
import { exchangeText, exchangeToWire } from './try-text.ts';
import { verdictOf } from './try-verdict.ts';
import { tryWork, type TryEnd, type TryOptions } from './try-work.ts';

const DEFAULT_TIMEOUT_MS = 600_000;

/** Runs the command, and returns its exit code. @throws UsageError, ProfileError, ConfigError before anything is sent */
export async function tryProfile(
  nameOrPath: string,
  stdin: string | undefined,
  options: TryCommandOptions,
): Promise<number> {
  const profile = loadProfile(nameOrPath);
  if (options.cancel && profile.cancel === undefined)
    throw new UsageError(`the profile ${profile.name} has no cancel: leave --cancel out`);
  const work = await workOf(options, stdin);
  const config = loadWorkerConfig(undefined, profile);
  const { id } = options;
  const asksByName = asksByReference(profile.poll) !== null;
  // Work that is asked about by our name is gone on with by that.
  const requestId = asksByName && id !== undefined && REQUEST_ID_PATTERN.test(id) ? id : randomRequestId();
  const goOn = (handle: string): string =>
    `external-api provider try ${quoted(nameOrPath)} --id ${quoted(asksByName ? requestId : handle)}`;
  const { cancel = false, timeout: timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return await run(config, { requestId, work, cancel, timeoutMs }, goOn, options);
}

/** @throws UsageError, InvalidRequestError, RequestTooLargeError */
async function workOf({ id, data, file }: TryCommandOptions, stdin: string | undefined): Promise<TryOptions['work']> {
  if (id === undefined) {
    const given = await readData({ data, file, stdin });
    checkInput({ data: given, options: { async: true } }, {});
    return { data: given };
  }
  if ([data, file, stdin].some((source) => source !== undefined))
    throw new UsageError('--id goes on with work that is there: leave the data out');
  if (isProviderRequestId(id)) return { handle: id };
  throw new UsageError(`--id: expected ${PROVIDER_REQUEST_ID_SHAPE}, as a try has told them`);
}

async function run(
  config: WorkerConfig,
  options: TryOptions,
  goOn: (handle: string) => string,
  output: OutputOptions,
): Promise<number> {
  const { profile, baseUrl, credentials } = config.provider;
  const { requestId, work } = options;
  const exchanges: ShownExchange[] = [];
  const secrets = new SecretHider();
  noteCredentials(profile, credentials, secrets);
  const hidden = (text: string): string => visible(secrets.text(text));
  const budget = createCallBudget(rulesOf(config));
  const provider = createProviderClient({
    ...config.provider,
    rateHeaders: config.budget.rateHeaders,
    budget,
    observer: { called: () => {}, tokenRefreshed: () => {} },
    watch(watched) {
      const shown = shownExchange(watched, { profile, baseUrl, requestId, secrets });
      exchanges.push(shown);
      if (shown.step === 'submit') submit = mayHaveRun(watched.error) ? 'unknown' : 'unsent';
      printLine(() => exchangeText(shown), output);
    },
  });
  const interrupt = new AbortController();
  let handle = 'handle' in work ? hidden(work.handle) : null;
  let submit: 'unsent' | 'sending' | 'unknown' = 'unsent';

  function onInterrupt(): void {
    // Who asks twice is not kept waiting.
    if (interrupt.signal.aborted) process.exit(finish(sentWithoutAnswer()));
    interrupt.abort();
    if (submit === 'sending')
      tell(
        'The submit is on its way: its answer is waited for, or the work would be lost. Ctrl-C again does not wait.',
      );
  }

  function sentWithoutAnswer(): TryEnd {
    if (handle !== null) return { end: 'interrupted', during: 'poll' };
    if (submit === 'unsent') return { end: 'interrupted', during: 'submit' };
    return { end: 'unknown', message: 'Ctrl-C ended the wait for the answer to the submit', found: null };
  }

  function finish(end: TryEnd): number {
    const shownEnd = 'message' in end ? { ...end, message: hidden(end.message) } : end;
    const submits = 'data' in work;
    const facts = { profile, end: shownEnd, exchanges, handle, requestId, submits };
    const { exit, sentence, lookAt, fits } = verdictOf(facts);
    // A result that came at once has no handle; what has ended needs none.
    const isOver = end.end === 'completed' || end.end === 'cancelled';
    const command = handle === null || isOver ? null : goOn(handle);
    const document = {
      provider: profile.name,
      reference: submits ? requestId : null,
      provider_request_id: handle,
      exchanges: exchanges.map(exchangeToWire),
      verdict: { fits, sentence, look_at: lookAt },
      go_on: command,
    };
    print(document, `\n${sentence}${command === null ? '' : ` To go on: \`${command}\``}`, output);
    return EXIT[exit];
  }

  process.on('SIGINT', onInterrupt);
  try {
    if ('data' in work)
      tell(`This submits real work to ${baseUrl.origin}, once, as ${requestId}. Ctrl-C ends the polls, not the work.`);
    const end = await tryWork(options, {
      provider,
      policy: config.calls,
      jobTimes: createMemoryJobTimes(),
      interrupt: interrupt.signal,
      told: {
        sending: () => void (submit = 'sending'),
        taken(given) {
          handle = hidden(given);
          tell(`The provider has the work as ${handle}. To go on with it later: \`${goOn(handle)}\``);
        },
        cancelled: (outcome) => tell(`The provider was asked to stop: ${outcome}.`),
        waiting: (ms, why) => void (ms >= TOLD_FROM_MS && tell(`Waits ${Math.round(ms / 1000)} s: ${hidden(why)}`)),
      },
    });
    return finish(end);
  } finally {
    process.off('SIGINT', onInterrupt);
    await provider.close();
    await budget.close();
  }
}

function mayHaveRun(error: unknown): boolean {
  return error instanceof ExternalAPIError ? error.outcome === 'ambiguous' : false;
}

/** Shorter waits are no news. */
const TOLD_FROM_MS = 10_000;

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
