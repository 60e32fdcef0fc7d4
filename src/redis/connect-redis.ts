import type { RedisScripts } from '@redis/client';
import { followMaster } from './follow-master.ts';
import { createRedisClient, type RedisClientOptions, type ScriptedClient } from './redis-client.ts';
import { explained } from './redis-problems.ts';
import { masterUrl, type Sentinels } from './sentinels.ts';

export type { RedisClient, ScriptedClient } from './redis-client.ts';

export interface RedisOptions<Scripts extends RedisScripts> extends Pick<
  RedisClientOptions<Scripts>,
  'ca' | 'scripts'
> {
  /** Who knows where the master is; null: it is where the URL says. */
  sentinels?: Sentinels | null;
}

/**
 * A client that connects in the background and reconnects for ever. A command fails within 300 ms when Redis is down or
 * slow; none waits for a connection.
 *
 * @param url `rediss:` for TLS; a user and a password as in an ACL; with `sentinels`, its host is that of no server
 * @param onError told of each lost connection and failed attempt; the message carries no credentials
 */
export function connectRedis<Scripts extends RedisScripts>(
  url: string,
  onError: (error: Error) => void,
  { sentinels = null, ...options }: RedisOptions<Scripts> = {},
): ScriptedClient<Scripts> {
  const onFailure = (error: Error): void => onError(explained(error));
  if (sentinels !== null) {
    return followMaster({
      find: () => masterUrl(url, sentinels, options.ca),
      create: (found, giveUp) => createRedisClient(found, { ...options, reconnects: false }, giveUp),
      nowhere: url,
      onFailure,
    });
  }
  const client = createRedisClient(url, options, () => {
    client.destroy();
    client.connect().catch(onFailure);
  });
  client.on('error', onFailure);
  client.connect().catch(onFailure);
  return client;
}
