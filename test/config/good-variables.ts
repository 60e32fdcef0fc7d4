import { ConfigError } from '../../src/config/config-error.ts';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';

export const REQUIRED = {
  EXTERNAL_API_BASE_URL: 'https://api.example.com/v2.1',
  EXTERNAL_API_KEY: 'canary-key-7f3a',
  EXTERNAL_OAUTH_CLIENT_ID: 'client-1',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'canary-secret-9b2c',
};

/** The problems of `changes` over a good environment, as `VARIABLE problem` lines. */
export function problemsOf(changes: NodeJS.ProcessEnv, load: (env: NodeJS.ProcessEnv) => unknown = loadWorkerConfig) {
  try {
    load({ ...REQUIRED, ...changes });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
