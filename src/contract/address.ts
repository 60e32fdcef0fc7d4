/** Where the Temporal SDK looks for a server that nobody named. */
export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';

type Environment = Readonly<Record<string, string | undefined>>;

/** For a person who looks for a mistake in a setting: whether `variable` said it. An empty one counts as unset. */
export function saidBy(variable: string, env: Environment): string {
  return env[variable] ? `from ${variable}` : `the default: ${variable} is not set`;
}

/**
 * Where the address of the Temporal server was taken from.
 * @param address as `@temporalio/envconfig` read it out of `env` and its file; undefined: neither says one
 */
export function addressSaidBy(address: string | undefined, env: Environment): string {
  const variable = 'TEMPORAL_ADDRESS';
  return address !== undefined && !env[variable] ? 'from the Temporal configuration file' : saidBy(variable, env);
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
