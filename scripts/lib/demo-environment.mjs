/** Our settings by their first words. A demo takes none of them from outside: it must not call a real provider. */
const OURS = /^(EXTERNAL_|GATEWAY_|METRICS_|DELIVERY_|REDIS_|SUSPICION_|WORKER_|NODE_ENV$|PUBLIC_BASE_URL$)/;

/** What the fake provider accepts when it is started without options. */
const FAKE_CREDENTIALS = {
  EXTERNAL_API_KEY: 'demo-api-key',
  EXTERNAL_OAUTH_CLIENT_ID: 'demo-client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'demo-secret',
};

/** What a shell has set for us. */
export function oursIn(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => OURS.test(name)));
}

/**
 * The environment of the demo's processes.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {{ ports: Record<string, number>, keySha256: string, temporalConfigFile: string | null, real: import('./real-provider.mjs').RealProvider | null }} demo
 *   `temporalConfigFile`: null when `env` says which server to use; `real`: null for the fake provider
 */
export function demoEnvironment(env, { ports, keySha256, temporalConfigFile, real }) {
  const ownTemporal = temporalConfigFile !== null;
  const isTemporal = (name) => name.startsWith('TEMPORAL_');
  const without = (variables, ignored) =>
    Object.fromEntries(Object.entries(variables).filter(([name]) => !ignored(name)));
  const provider =
    real === null
      ? {
          ...FAKE_CREDENTIALS,
          EXTERNAL_API_BASE_URL: `http://127.0.0.1:${ports.fakeProvider}`,
          ...links(ports, keySha256),
        }
      : { ...without(real.variables, isTemporal), EXTERNAL_API_PROVIDER: real.profile };
  return {
    ...without(env, (name) => OURS.test(name) || (ownTemporal && isTemporal(name))),
    ...provider,
    ...(ownTemporal && {
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
      TEMPORAL_CONFIG_FILE: temporalConfigFile,
    }),
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: `${ports.gateway}`,
    GATEWAY_API_KEYS: `demo:${keySha256}`,
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: `${ports.metrics}`,
    EXTERNAL_API_WORKER_URL: `http://127.0.0.1:${ports.metrics}`,
  };
}

/** So that its callbacks are seen working. The key is the same when the demo is started again: links are out. */
function links({ gateway }, keySha256) {
  return {
    PUBLIC_BASE_URL: `http://127.0.0.1:${gateway}`,
    EXTERNAL_API_CALLBACK_KEYS: `demo:${Buffer.from(keySha256, 'hex').toString('base64')}`,
  };
}
