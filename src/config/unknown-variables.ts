import { nearest } from '../contract/nearest.ts';
import { CLIENT_VARIABLES } from './client-config.ts';
import { GATEWAY_VARIABLES } from './gateway-config.ts';
import { SECRETS } from './secret-files.ts';
import { WORKER_VARIABLES } from './worker-config.ts';

/** Of all processes: they often share one environment. */
const KNOWN: readonly string[] = [
  ...[WORKER_VARIABLES, GATEWAY_VARIABLES, CLIENT_VARIABLES].flatMap(({ shape }) => Object.keys(shape)),
  ...SECRETS.map((secret) => `${secret}_FILE`),
];

/** What only we name so. Everybody may have a `REDIS_` or a `LOG_`. */
const OURS = /^(EXTERNAL_API|EXTERNAL_OAUTH|GATEWAY)_/;

/** What Kubernetes tells every container of a Service that is called `gateway` or `external-api`. */
const OF_KUBERNETES = /_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A sentence about each variable of `env` that was probably meant for us, and that nobody reads. */
export function unknownVariables(env: NodeJS.ProcessEnv = process.env): string[] {
  return Object.keys(env)
    .filter((name) => env[name] !== '' && OURS.test(name) && !KNOWN.includes(name) && !OF_KUBERNETES.test(name))
    .toSorted()
    .map((name) => {
      const [prefix = ''] = OURS.exec(name) ?? [];
      const meant = nearest(name.slice(prefix.length), restsOf(prefix));
      const hint = meant === null ? '' : ` Did you mean ${prefix}${meant}?`;
      return `${name} is set, and nothing reads a variable of that name.${hint}`;
    });
}

/** The known names that begin so, without that: it would make all of them alike. */
function restsOf(prefix: string): string[] {
  return KNOWN.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
