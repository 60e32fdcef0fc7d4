import type { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { readSecretFiles, SECRETS } from './secret-files.ts';
import { type TemporalConfig, loadTemporalConfig } from './temporal.ts';

/**
 * Reads the variables of `schema`, and Temporal's, out of `env`. An empty variable counts as unset.
 *
 * @param credentials variables that are secret, besides those that always are
 * @throws ConfigError with every problem at once
 */
export function load<S extends z.ZodObject>(
  env: NodeJS.ProcessEnv,
  schema: S,
  credentials: readonly string[] = [],
): { values: z.output<S>; temporal: TemporalConfig } {
  const set = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  const files = readSecretFiles(
    set,
    [...new Set([...SECRETS, ...credentials])].filter((variable) => variable in schema.shape),
  );
  const { temporal, problems: temporalProblems } = loadTemporalConfig(set);
  const parsed = schema.safeParse(files.env);

  const known = new Set(files.problems.map(({ variable }) => variable.replace(/_FILE$/, '')));
  const problems = (parsed.error?.issues ?? [])
    .map(({ path, message }) => ({ variable: String(path[0]), problem: message }))
    .filter(({ variable }) => !known.has(variable));
  problems.push(...files.problems, ...temporalProblems);
  if (problems.length > 0 || !parsed.success || temporal === null) throw new ConfigError(problems);
  return { values: parsed.data, temporal };
}

/** Lets a check over several variables run as soon as those are readable, whatever is wrong with the others. */
export function readable(...variables: string[]): (payload: z.core.ParsePayload) => boolean {
  return ({ issues }) => !issues.some(({ path }) => variables.includes(String(path?.[0])));
}
