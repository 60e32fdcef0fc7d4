import { existsSync, statSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { saidBy } from '../contract/address.ts';
import type { ConfigProblem } from './config-error.ts';
import type { Environment } from './secret-files.ts';
import { tlsProblems } from './temporal-tls.ts';

/** What both `Connection.connect` (client) and `NativeConnection.connect` (worker) take, and the namespace. */
export interface TemporalConfig {
  connectionOptions: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;
  namespace: string;
  /** Where the address was taken from, for a person. */
  addressFrom?: string;
}

/**
 * The connection to Temporal: `TEMPORAL_*` over the profile of a `temporal.toml`, read by `@temporalio/envconfig` as
 * every Temporal tool reads them. What it would pass over in silence is a problem here.
 */
export function loadTemporalConfig(env: Environment): { temporal: TemporalConfig | null; problems: ConfigProblem[] } {
  const problems = CHECKS.filter(({ variable, accepts }) => env[variable] !== undefined && !accepts(env)).map(
    ({ variable, problem }) => ({ variable, problem }),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: { ...env } });
    const { address, tls, apiKey, metadata } = connectionOptions;
    const defined = {
      ...(address !== undefined && { address }),
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
      ...(metadata !== undefined && { metadata }),
    };
    problems.push(...tlsProblems(tls, env));
    const isInFile = address !== undefined && env['TEMPORAL_ADDRESS'] === undefined;
    const addressFrom = isInFile ? 'from the Temporal configuration file' : saidBy('TEMPORAL_ADDRESS', env);
    const connection = { connectionOptions: Object.freeze(defined), namespace: namespace ?? 'default', addressFrom };
    return { temporal: connection, problems };
  } catch (error) {
    return { temporal: null, problems: [...problems, problemOf(error, env)] };
  }
}

const BOOLEAN = /^(true|false|1|0)$/;

const CHECKS: readonly (ConfigProblem & { accepts: (env: Environment) => boolean })[] = [
  {
    variable: 'TEMPORAL_ADDRESS',
    problem: 'must be host:port without a scheme, such as localhost:7233',
    accepts: ({ TEMPORAL_ADDRESS: address = '' }) =>
      /^(\[[0-9a-f:.]+\]|[^\s:/@]+)(:\d{1,5})?$/i.test(address) && URL.canParse(`tcp://${address}`),
  },
  {
    variable: 'TEMPORAL_CONFIG_FILE',
    problem: 'names a file that does not exist',
    accepts: (env) => existsSync(env['TEMPORAL_CONFIG_FILE'] ?? ''),
  },
  {
    variable: 'TEMPORAL_TLS',
    problem: 'must be one of: true, false, 1, 0',
    accepts: (env) => BOOLEAN.test(env['TEMPORAL_TLS'] ?? ''),
  },
  ...['PATH', 'DATA'].flatMap((form) => [
    needsOther(`TEMPORAL_TLS_CLIENT_CERT_${form}`, 'TEMPORAL_TLS_CLIENT_KEY'),
    needsOther(`TEMPORAL_TLS_CLIENT_KEY_${form}`, 'TEMPORAL_TLS_CLIENT_CERT'),
  ]),
];

/** A client certificate without its key (or the reverse) would be dropped, and the connection tried without it. */
function needsOther(variable: string, other: string) {
  return {
    variable,
    problem: `needs ${other}_PATH or ${other}_DATA beside it`,
    accepts: (env: Environment) => env[`${other}_PATH`] !== undefined || env[`${other}_DATA`] !== undefined,
  };
}

const FILE_VARIABLES = [
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
];

/** The library's own messages are not passed on: a TOML error quotes the lines around it, API key included. */
function problemOf(error: unknown, env: Environment): ConfigProblem {
  const toml = 'TEMPORAL_CONFIG_FILE';
  if (!(error instanceof Error)) return { variable: toml, problem: 'cannot be loaded' };
  if ('path' in error && 'code' in error) {
    const variable = FILE_VARIABLES.find((name) => env[name] === error.path) ?? toml;
    return { variable, problem: `names a file that cannot be read (${String(error.code)}): ${String(error.path)}` };
  }
  if ('code' in error && error.code === 'EISDIR') {
    // Node.js does not say which.
    const variable = FILE_VARIABLES.find((name) => isFolder(env[name])) ?? toml;
    return { variable, problem: 'names a folder, not a file' };
  }
  if (error.name === 'TomlError' || 'codeblock' in error) {
    const line = 'line' in error ? ` (line ${String(error.line)})` : '';
    return { variable: toml, problem: `names a file that is not valid TOML${line}` };
  }
  if (error.message.startsWith("Profile '")) {
    return { variable: 'TEMPORAL_PROFILE', problem: 'names a profile that the configuration file does not have' };
  }
  const twice = /^Cannot specify both (\w+)_path and/.exec(error.message)?.[1];
  if (twice !== undefined) {
    const name = `TEMPORAL_TLS_${twice.toUpperCase()}`;
    return { variable: `${name}_PATH`, problem: `and ${name}_DATA are both set: set one of them` };
  }
  return { variable: toml, problem: 'names a file that is not a Temporal client configuration' };
}

function isFolder(path = ''): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
