/** Our settings by their first words. A demo takes none of them from outside: it must not call a real provider. */
const OURS = /^(EXTERNAL_|GATEWAY_|METRICS_|REDIS_|WORKER_|NODE_ENV$)/;

/** What the fake provider accepts when it is started without options. */
const FAKE_CREDENTIALS = {
  EXTERNAL_API_KEY: 'demo-api-key',
  EXTERNAL_OAUTH_CLIENT_ID: 'demo-client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'demo-secret',
};

/**
 * The environment of the demo's processes.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ ports: Record<string, number>, keySha256: string, temporalConfigFile: string | null }} demo
 *   `temporalConfigFile`: null when `env` says which server to use
 */
export function demoEnvironment(env, { ports, keySha256, temporalConfigFile }) {
  const ownTemporal = temporalConfigFile !== null;
  const ignored = (name) => OURS.test(name) || (ownTemporal && name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !ignored(name))),
    ...(ownTemporal && {
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
      TEMPORAL_CONFIG_FILE: temporalConfigFile,
    }),
    ...FAKE_CREDENTIALS,
    EXTERNAL_API_BASE_URL: `http://127.0.0.1:${ports.fakeProvider}`,
    GATEWAY_PORT: `${ports.gateway}`,
    GATEWAY_API_KEYS: `demo:${keySha256}`,
    METRICS_PORT: `${ports.metrics}`,
    EXTERNAL_API_WORKER_URL: `http://127.0.0.1:${ports.metrics}`,
  };
}
