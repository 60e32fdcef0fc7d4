import { nearest } from '../contract/nearest.ts';
import { variablesOf } from '../profile/credentials.ts';
import { CLIENT_VARIABLES } from './client-config.ts';
import { ConfigError } from './config-error.ts';
import { GATEWAY_VARIABLES } from './gateway-config.ts';
import { profileIn } from './provider-profile.ts';
import { SECRETS } from './secret-files.ts';
import { WORKER_VARIABLES } from './worker-config.ts';

/** Of all processes: they often share one environment. */
const KNOWN: readonly string[] = [
  ...[WORKER_VARIABLES, GATEWAY_VARIABLES, CLIENT_VARIABLES].flatMap(({ shape }) => Object.keys(shape)),
  ...SECRETS.map((secret) => `${secret}_FILE`),
];

/** What only we name so. Everybody may have a `REDIS_` or a `LOG_`. */
const OURS = /^(DELIVERY|EXTERNAL_API|EXTERNAL_OAUTH|GATEWAY|SUSPICION)_/;

/** What Kubernetes tells every container of a Service that is called `gateway` or `external-api`. */
const OF_KUBERNETES = /_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Which of these there are, the profile says. */
const CREDENTIAL = /^EXTERNAL_(API_KEY|OAUTH|WEBHOOK)/;

/** A sentence about each variable of `env` that was probably meant for us, and that nobody reads. */
export function unknownVariables(env: NodeJS.ProcessEnv = process.env): string[] {
  const given = Object.keys(env).filter(
    (name) => env[name] !== '' && OURS.test(name) && !KNOWN.includes(name) && !OF_KUBERNETES.test(name),
  );
  const known = given.some((name) => CREDENTIAL.test(name)) ? [...KNOWN, ...credentialsIn(env)] : KNOWN;
  return given
    .filter((name) => !known.includes(name))
    .toSorted()
    .map((name) => {
      const [prefix = ''] = OURS.exec(name) ?? [];
      const meant = nearest(name.slice(prefix.length), restsOf(known, prefix));
      const hint = meant === null ? '' : ` Did you mean ${prefix}${meant}?`;
      return `${name} is set, and nothing reads a variable of that name.${hint}`;
    });
}

/** Of the configured profile. One that cannot be used says so elsewhere. */
function credentialsIn(env: NodeJS.ProcessEnv): string[] {
  try {
    const { calls, callbacks } = variablesOf(profileIn(env));
    return [...calls, ...callbacks].flatMap((name) => [name, `${name}_FILE`]);
  } catch (error) {
    if (error instanceof ConfigError) return Object.keys(env);
    throw error;
  }
}

/** The known names that begin so, without that: it would make all of them alike. */
function restsOf(known: readonly string[], prefix: string): string[] {
  return known.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
