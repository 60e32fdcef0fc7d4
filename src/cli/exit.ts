import {
  IdempotencyConflictError,
  InvalidRequestError,
  RequestNotFoundError,
  RequestTooLargeError,
  ResultTimeoutError,
  TemporalUnavailableError,
} from '../client/client-errors.ts';
import { ConfigError } from '../config/config-error.ts';
import { ProfileError } from '../profile/profile-error.ts';
import { tell } from './output.ts';

/** Exit codes of every command. The gaps are sysexits.h's; 130 is what a shell makes of SIGINT. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  running: 4,
  unavailable: 69,
  output: 74,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MEANINGS: Record<keyof typeof EXIT, string> = {
  ok: 'done',
  failed:
    'the request ended without a result, there was nothing to cancel, decide or retry, or something unexpected happened',
  usage: 'the command line or the data is wrong; nothing was started or decided',
  notFound: 'no such request',
  running: 'the request goes on: the wait ended first',
  unavailable: 'the Temporal server, a worker or a tried provider does not answer, or Temporal does not let us in',
  output: 'the output cannot be written; what the command was to do is not undone',
  config: 'the configuration, or the profile of a provider, is wrong',
  interrupted: 'Ctrl-C ended the wait; the request goes on',
};

export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = Object.entries(MEANINGS).map(([name, meaning]) => [
  EXIT[name as keyof typeof EXIT],
  meaning,
]);

export const EXIT_CODES_HELP = [
  'Exit codes:',
  ...EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`),
].join('\n');

/** The command line is wrong in a way that only its command can tell. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const CODES: readonly [new (...args: never[]) => Error, ExitCode][] = [
  [UsageError, EXIT.usage],
  [InvalidRequestError, EXIT.usage],
  [RequestTooLargeError, EXIT.usage],
  [IdempotencyConflictError, EXIT.usage],
  [RequestNotFoundError, EXIT.notFound],
  [ResultTimeoutError, EXIT.running],
  [TemporalUnavailableError, EXIT.unavailable],
  [ConfigError, EXIT.config],
  [ProfileError, EXIT.config],
];

export function exitCodeOf(error: unknown): ExitCode {
  return CODES.find(([Class]) => error instanceof Class)?.[1] ?? EXIT.failed;
}

/** Runs a command that is a process of its own; what stops it is told in clear lines, without a stack, and ends it. */
export async function runProcess(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    reportError(error);
    // Half-started parts, native ones among them, would keep the process alive, and nobody would start it again.
    process.exit();
  }
}

/** Tells what went wrong and sets the exit code. */
export function reportError(error: unknown): void {
  tell(`error: ${messageOf(error)}`);
  process.exitCode = exitCodeOf(error);
}

/** The members of a request, as the command line calls them. */
const FLAGS: Readonly<Record<string, string>> = {
  data: 'the data',
  'options.callbackUrl': '--callback-url',
  idempotencyKey: '--key',
  tenant: '--tenant',
  deadline: '--deadline',
  idempotency: '--idempotency',
  kind: '--kind',
  unknownHold: '--unknown-hold',
  providerRequestId: '--provider-id',
  by: '--by',
  reason: '--reason',
  cursor: '--cursor',
};

/** What a person needs to read of `error`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof InvalidRequestError) {
    return error.problems.map(({ path, message }) => `${FLAGS[path] ?? path} ${message}`.trim()).join('; ');
  }
  // The Temporal SDK's ServiceError says what was tried; only its cause says what went wrong.
  if (error.name === 'ServiceError' && error.cause) return `${error.message}: ${messageOf(error.cause)}`;
  return error.message || error.name;
}
