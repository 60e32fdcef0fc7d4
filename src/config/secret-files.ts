import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ConfigProblem } from './config-error.ts';

/** Variables, besides the credentials of a profile, that may also be given as the path of a file, in a variable of the same name and `_FILE`. */
export const SECRETS = [
  'EXTERNAL_API_CALLBACK_KEYS',
  'DELIVERY_SECRETS',
  'EXTERNAL_API_CLIENT_CERT',
  'EXTERNAL_API_CLIENT_KEY',
  'EXTERNAL_API_CA',
  'EXTERNAL_API_PROXY_URL',
  'EXTERNAL_API_TOKEN_KEY',
  'GATEWAY_API_KEYS',
  'REDIS_URL',
];

export type Environment = Readonly<Record<string, string>>;

/** `env` with the content of every named `…_FILE` in place. The line break that editors put at the end is dropped. */
export function readSecretFiles(
  env: Environment,
  variables: readonly string[],
): { env: Environment; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const resolved: Record<string, string> = { ...env };
  for (const variable of variables) {
    const file = `${variable}_FILE`;
    const path = env[file];
    if (path === undefined) continue;
    if (env[variable] !== undefined) {
      problems.push({ variable, problem: `and ${file} are both set: set one of them` });
      continue;
    }
    try {
      const content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
      if (content === '') problems.push({ variable: file, problem: `names an empty file${shown(path)}` });
      else resolved[variable] = content;
    } catch (error) {
      problems.push({ variable: file, problem: `names a file that cannot be read (${codeOf(error)})${shown(path)}` });
    }
  }
  return { env: resolved, problems };
}

/** Who mistakes the variable for the one without _FILE gives the secret itself. */
function shown(path: string): string {
  return isAbsolute(path) || path.startsWith('.') ? `: ${path}` : '';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
