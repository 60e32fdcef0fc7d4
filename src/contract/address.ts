/** Where the Temporal SDK looks for a server that nobody named. */
export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';

type Environment = Readonly<Record<string, string | undefined>>;

/** For a person who looks for a mistake in a setting: whether `variable` said it. An empty one counts as unset. */
export function saidBy(variable: string, env: Environment): string {
  return env[variable] ? `from ${variable}` : `the default: ${variable} is not set`;
}

/** `localhost:7233 (the default: TEMPORAL_ADDRESS is not set)`. */
export function temporalServer({
  address = DEFAULT_TEMPORAL_ADDRESS,
  from,
}: {
  address?: string | undefined;
  from?: string | undefined;
}): string {
  return from === undefined ? address : `${address} (${from})`;
}
