/** Redis has answered, and done nothing of what it was asked. */
export class RedisRefusalError extends Error {
  override readonly name = 'RedisRefusalError';
}

const NOT_TRUSTED = 'the certificate of Redis is not trusted: REDIS_CA_FILE names those that are';

/** What Redis refuses with, and what it means. A script is refused before it writes anything. */
const REFUSALS: readonly [answer: RegExp, meaning: string][] = [
  [/^READONLY\b/, 'REDIS_URL is a replica, which takes no writes'],
  [/^MASTERDOWN\b/, 'REDIS_URL is a replica that has lost its master'],
  [/^LOADING\b/, 'Redis is still loading its data'],
  [/^OOM\b/, 'Redis has no memory left: raise its maxmemory, and keep maxmemory-policy noeviction'],
  [/^MISCONF\b/, 'Redis cannot write to its disk, and takes no writes until it can'],
  // The second before it even reads a command of many words.
  [/^(NOAUTH\b|ERR Protocol error: unauthenticated)/, 'Redis wants a user or a password, and REDIS_URL has none'],
  [/^WRONGPASS\b/, 'Redis refuses the user or the password of REDIS_URL'],
  [
    /^NOPERM\b/,
    'Redis does not let the user of REDIS_URL do what it must: +@all -@dangerous ~external-api:* is enough',
  ],
  [/^(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/, 'REDIS_URL is a Redis Cluster, which cannot be used'],
];

/** Why there is no connection, by the code of the error. */
const PROBLEMS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
};

/** The same error, unless it can be told better: its message is one line, without credentials. */
export function explained(error: Error): Error {
  const refusal = REFUSALS.find(([answer]) => answer.test(error.message));
  if (refusal !== undefined) return new RedisRefusalError(refusal[1], { cause: error });
  const code = 'code' in error ? String(error.code) : '';
  // An error of several addresses has nothing but a code.
  const problem = PROBLEMS[code] ?? (error.message || code);
  return problem === error.message ? error : new Error(problem, { cause: error });
}
