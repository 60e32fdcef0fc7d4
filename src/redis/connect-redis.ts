import { createClient, type RedisClientType, type RedisScripts } from '@redis/client';
import { answerInTime, REDIS_DEADLINE_MS } from './answer-in-time.ts';
import { explained } from './redis-problems.ts';

/** A connection that has answered nothing of use for so long is given up: its other end may be gone without a word. */
const DEAD_MS = 3_000;

/** What a Redis says that is a replica now, has lost its master, or is still loading: another may have taken its place. */
const USELESS = /^(READONLY|MASTERDOWN|LOADING)\b/;

export type RedisClient = RedisClientType;
export type ScriptedClient<Scripts extends RedisScripts> = ReturnType<typeof newClient<Scripts>>;

export interface RedisOptions<Scripts extends RedisScripts> {
  /** Certificates (PEM) to trust instead of those of Node.js. */
  ca?: string | null;
  /** Become methods of the client. */
  scripts?: Scripts;
}

/**
 * A client that connects in the background and reconnects for ever. A command fails within 300 ms when Redis is down or
 * slow; none waits for a connection.
 *
 * @param url `rediss:` for TLS; a user and a password as in an ACL
 * @param onError told of each lost connection and failed attempt; the message carries no credentials
 */
export function connectRedis<Scripts extends RedisScripts>(
  url: string,
  onError: (error: Error) => void,
  options: RedisOptions<Scripts> = {},
): ScriptedClient<Scripts> {
  const client = newClient(url, options);
  // What `createClient` returns inherits from the client itself, on which all commands run.
  const self = Object.getPrototypeOf(client) as ScriptedClient<Scripts>;
  const sendCommand = self.sendCommand.bind(self);
  const onFailure = (error: Error): void => onError(explained(error));
  let answeredAt = performance.now();
  let usefulAt = answeredAt;
  const inTime = async <Answer>(command: Promise<Answer>, isPing: boolean): Promise<Answer> => {
    try {
      const answer = await answerInTime(command);
      answeredAt = performance.now();
      if (!isPing) usefulAt = answeredAt;
      return answer;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const since = performance.now() - (USELESS.test(error.message) ? usefulAt : answeredAt);
      if (client.isReady && since > DEAD_MS) {
        client.destroy();
        client.connect().catch(onFailure);
      }
      throw explained(error);
    }
  };
  client.on('ready', () => (answeredAt = usefulAt = performance.now()));
  // The client's own `timeout` ends when a command is written: one that a frozen Redis never answers would wait for ever.
  self.sendCommand = (args, how) => inTime(sendCommand(args, how), args[0] === 'PING');
  client.on('error', onFailure);
  client.connect().catch(onFailure);
  return client;
}

function newClient<Scripts extends RedisScripts>(url: string, { ca, scripts }: RedisOptions<Scripts>) {
  return createClient({
    url,
    ...(scripts && { scripts }),
    disableOfflineQueue: true,
    commandOptions: { timeout: REDIS_DEADLINE_MS },
    // So that a dead connection is noticed, and an idle one not taken for dead.
    pingInterval: 1_000,
    socket: {
      ...(ca && { tls: true, ca }),
      connectTimeout: REDIS_DEADLINE_MS,
      socketTimeout: DEAD_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000),
    },
  });
}
