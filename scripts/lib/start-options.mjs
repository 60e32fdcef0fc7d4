import { parseArgs } from 'node:util';

/** Ports of one demo, in the order of --port-base. */
export const PORTS = {
  gateway: { title: 'The gateway', port: 8080 },
  temporal: { title: 'Temporal', port: 7233 },
  temporalUi: { title: 'The Temporal Web UI', port: 8233 },
  metrics: { title: "The worker's metrics", port: 9464 },
  fakeProvider: { title: 'The fake provider', port: 4010 },
};

const LAST_BASE = 65_535 - Object.keys(PORTS).length + 1;

export const HELP = `Usage: npm start -- [options]

Installs and builds what is missing, starts a Temporal server with its Web UI, the fake provider, a worker and the
HTTP gateway, runs one request, and stays up until Ctrl-C.

Options:
  --provider <p>   call this provider, really, in place of the fake one: the name of a shipped profile, or the path of a
                   profile file. No request is run; what to try is told
  --env-file <f>   its credentials and settings, a file of NAME=value lines; without it those of the shell count
  --once           end after the request: exit code 0 when it completed
  --port-base <n>  use the ports ${Object.keys(PORTS)
    .map((_, offset) => (offset === 0 ? 'n' : `n+${offset}`))
    .join(', ')}; without it ${Object.values(PORTS)
    .map(({ port }) => port)
    .join(', ')}, or free ones
  --help           show this

Environment:
  TEMPORAL_ADDRESS  use the Temporal server at this host:port instead of starting one (TEMPORAL_NAMESPACE,
                    TEMPORAL_API_KEY and TEMPORAL_TLS... as all Temporal tools read them)`;

/**
 * @param {string[]} args
 * @returns {{ help: boolean, once: boolean, portBase: number | null, provider: string | null, envFile: string | null }}
 * @throws {Error} that names the option and what it expects
 */
export function parseStartOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      once: { type: 'boolean', default: false },
      'port-base': { type: 'string' },
      provider: { type: 'string' },
      'env-file': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const base = values['port-base'];
  if (base !== undefined && !(/^\d+$/.test(base) && Number(base) >= 1 && Number(base) <= LAST_BASE)) {
    throw new Error(`--port-base must be a whole number from 1 to ${LAST_BASE}, such as --port-base 20000.`);
  }
  const { help, once, provider = null, 'env-file': envFile = null } = values;
  if (provider === '' || envFile === '') throw new Error('--provider and --env-file need a value.');
  if (envFile !== null && provider === null)
    throw new Error('--env-file needs --provider: the fake provider needs nothing.');
  if (once && provider !== null)
    throw new Error('--once runs a request of the fake provider: leave it out, or --provider.');
  return { help, once, provider, envFile, portBase: base === undefined ? null : Number(base) };
}
