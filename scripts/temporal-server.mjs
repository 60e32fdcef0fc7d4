import { startBackgroundProcess } from './lib/background-process.mjs';
import { freePort } from './lib/ports.mjs';
import { waitForTemporal } from './lib/temporal-ready.mjs';

export { ensureTemporalBinary } from './lib/temporal-binary.mjs';

const READY_WITHIN_MS = 60_000;

/** As in src/contract/names.ts, which is not compiled yet when this runs. */
const SEARCH_ATTRIBUTES = ['ExternalApiTenant', 'ExternalApiAttention'];

/** A server with its defaults gives the same results, only slower. Values are JSON. */
const DYNAMIC_CONFIG = {
  // The default of 1 s is a floor under every timer and retry delay.
  'history.timerProcessorMaxTimeShift': '"50ms"',
  // With the default, one request alone takes three times as long.
  'history.transferProcessorMaxPollRPS': '2000',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  // Without it priority keys are ignored without a word, and fairness keys need the next.
  'matching.useNewMatcher': 'true',
  'matching.enableFairness': 'true',
};

/**
 * @typedef {object} TemporalServer
 * @property {string} address `host:port`
 * @property {string | null} uiUrl
 * @property {number} pid
 * @property {Promise<string>} ended resolves with a sentence when the server has ended
 * @property {(graceMs?: number) => Promise<void>} stop asks it to end, and kills it if it does not
 * @property {() => Promise<void>} kill as a crash would
 */

/**
 * Starts a Temporal development server of our own and waits until it answers.
 *
 * @param {object} options
 * @param {string} options.binary the `temporal` executable
 * @param {number} [options.port] of the gRPC front end; a free one by default
 * @param {number | null} [options.uiPort] of the Web UI; null: none
 * @param {string} [options.dbFilename] SQLite file that survives the server; in memory by default
 * @param {string} options.logFile
 * @param {Record<string, string>} [options.dynamicConfig] instead of ours, key by key
 * @returns {Promise<TemporalServer>}
 */
export async function startTemporalServer({ binary, port, uiPort = null, dbFilename, logFile, dynamicConfig = {} }) {
  const ownPort = port ?? (await freePort());
  const address = `127.0.0.1:${ownPort}`;
  const server = startBackgroundProcess({
    name: 'Temporal server',
    command: binary,
    args: serverArguments({ port: ownPort, uiPort, dbFilename, dynamicConfig }),
    logFile,
  });
  try {
    await Promise.race([waitForTemporal(address, SEARCH_ATTRIBUTES[0], READY_WITHIN_MS), server.ended.then(fail)]);
  } catch (error) {
    await server.kill();
    throw error;
  }
  const { pid, ended, stop, kill } = server;
  return { address, uiUrl: uiPort === null ? null : `http://localhost:${uiPort}`, pid, ended, stop, kill };
}

/** The command line of a server with our settings. */
export function serverArguments({ port, uiPort, dbFilename, dynamicConfig = {} }) {
  const own = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'warn'];
  if (uiPort === null) own.push('--headless');
  else own.push('--ui-port', `${uiPort}`);
  if (dbFilename !== undefined) own.push('--db-filename', dbFilename);
  return [
    ...own,
    ...['journal_mode=wal', 'synchronous=1'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...Object.entries({ ...DYNAMIC_CONFIG, ...dynamicConfig }).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
  ];
}

function fail(reason) {
  throw new Error(reason);
}
