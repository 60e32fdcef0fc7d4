import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emptyTemporalConfig } from './data-folder.mjs';
import { demoEnvironment, oursIn } from './demo-environment.mjs';
import { readEnvFile } from './env-file.mjs';
import { DATA_FOLDER, ROOT } from './paths.mjs';
import { SettingsError } from './settings-error.mjs';
import { PORTS } from './start-options.mjs';

/**
 * A provider of the user's, in place of the fake one.
 *
 * @typedef {object} RealProvider
 * @property {string} profile the name of a shipped profile, or the path of a file
 * @property {Record<string, string>} variables what is set for it
 * @property {string} folder where its relative paths begin
 */

/**
 * Reads what `--provider` and `--env-file` say. With an env file only that counts: a shell may hold the credentials of another
 * provider.
 *
 * @param {{ provider: string, envFile: string | null }} options
 * @returns {RealProvider}
 * @throws {SettingsError}
 */
export function readRealProvider({ provider, envFile }, { env, say }) {
  const folder = callersFolder(env);
  const isPath = /[/\\]|\.ya?ml$/.test(provider);
  const profile = isPath ? resolve(folder, provider) : provider;
  if (envFile === null) return { profile, variables: oursIn(env), folder };
  const { variables, warning } = readEnvFile(resolve(folder, envFile));
  if (warning !== null) say(`  ${warning}`);
  return { profile, variables, folder };
}

/** `npm start` runs us in the checkout, wherever it was called. */
function callersFolder({ npm_lifecycle_event: script, INIT_CWD: folder }) {
  return script === 'start' && folder ? folder : process.cwd();
}

/**
 * Looks at all settings as the worker and the gateway will, before anything is started. Needs a built checkout.
 *
 * @param {RealProvider} real
 * @returns {Promise<{ name: string, baseUrl: string, sample: unknown }>} what to tell of it
 * @throws {SettingsError} with every mistake
 */
export async function checkRealProvider(real, { env, ownTemporal, say }) {
  const [{ loadWorkerConfig }, { loadGatewayConfig }, { ConfigError }, { unknownVariables }, { sampleData }] =
    await Promise.all(
      [
        'config/worker-config',
        'config/gateway-config',
        'config/config-error',
        'config/unknown-variables',
        'cli/check-profile',
      ].map((module) => import(pathToFileURL(join(ROOT, 'dist', `${module}.js`)).href)),
    );
  const checked = demoEnvironment(env, {
    ports: Object.fromEntries(Object.entries(PORTS).map(([part, { port }]) => [part, port])),
    keySha256: '0'.repeat(64),
    temporalConfigFile: ownTemporal ? emptyTemporalConfig(DATA_FOLDER) : null,
    real,
  });
  const unused = Object.keys(real.variables).filter((name) => checked[name] !== real.variables[name]);
  if (unused.length > 0) {
    say(`  Not used: ${unused.join(', ')}. npm start sets what it starts, and takes TEMPORAL_... from the shell.`);
  }

  process.chdir(real.folder); // As the processes will be: a variable may be a relative path.
  for (const warning of unknownVariables(checked)) say(`  ${warning}`);
  const problems = new Map();
  const loaded = [loadWorkerConfig, loadGatewayConfig].map((load) => {
    try {
      return load(checked);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const each of error.problems) problems.set(each.variable + each.problem, each);
      return null;
    }
  });
  if (problems.size > 0) throw new SettingsError(new ConfigError([...problems.values()]).message);
  const { profile, baseUrl } = loaded[0].provider;
  return { name: profile.name, baseUrl: baseUrl.href, sample: sampleData(profile) };
}
