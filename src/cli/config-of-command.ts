import { loadClientConfig, type ClientConfig } from '../config/client-config.ts';
import { unknownVariables } from '../config/unknown-variables.ts';
import { tell } from './output.ts';

/** The configuration of a command, which is not to be a person's misspelt one without a word. @throws ConfigError */
export function configOfCommand(): ClientConfig {
  for (const warning of unknownVariables()) tell(`warning: ${warning}`);
  return loadClientConfig();
}
