import type { z } from 'zod';
import { LONE_DELIVERY_VARIABLES } from './delivery-config.ts';
import { GATEWAY_VARIABLES } from './gateway-config.ts';
import { SECRETS } from './secret-files.ts';
import { variablesOf as credentialsOf } from '../profile/credentials.ts';
import { profileIn } from './provider-profile.ts';
import { workerVariables as variablesOfWorker } from './worker-config.ts';

export interface RequiredVariable {
  name: string;
  /** What it must be, or when it is required, as the end of a sentence. */
  expected: string;
  /** Whether it may also be given as the path of a file. */
  mayBeFile: boolean;
}

/** The environment of a process, for a person who is to write one. */
export interface VariablesOfProcess {
  required: readonly RequiredVariable[];
  /** Names. */
  optional: readonly string[];
}

/** Of a worker of the provider that EXTERNAL_API_PROVIDER names. @throws ConfigError */
export function workerVariables(env: NodeJS.ProcessEnv = process.env): VariablesOfProcess {
  const profile = profileIn(env);
  return variablesOf(
    variablesOfWorker(profile),
    { REDIS_URL: 'redis://127.0.0.1', EXTERNAL_API_DELIVERIES: 'on' },
    credentialsOf(profile).calls,
  );
}

/** Of a worker that only delivers. */
export function deliveryVariables(): VariablesOfProcess {
  return variablesOf(LONE_DELIVERY_VARIABLES, {});
}

export function gatewayVariables(): VariablesOfProcess {
  return variablesOf(GATEWAY_VARIABLES, { NODE_ENV: 'production' });
}

/** @param env what makes others required; they say so themselves */
function variablesOf(
  schema: z.ZodObject,
  env: Readonly<Record<string, string>>,
  credentials: readonly string[] = [],
): VariablesOfProcess {
  const required = (schema.safeParse(env).error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    return {
      name,
      expected: message.replace(/^is required:? /, ''),
      mayBeFile: [...SECRETS, ...credentials].includes(name),
    };
  });
  const names = required.map(({ name }) => name);
  return { required, optional: Object.keys(schema.shape).filter((name) => !names.includes(name)) };
}
