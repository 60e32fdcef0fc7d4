import { createClient, type RedisClientType, type RedisScripts } from '@redis/client';
import { answerInTime, REDIS_DEADLINE_MS } from './answer-in-time.ts';
import { explained } from './redis-problems.ts';

/** A connection that has answered nothing of use for so long is given up: its other end may be gone without a word. */
const DEAD_MS = 3_000;

/** What a Redis says that is a replica now, has lost its master, or is still loading: another may have taken its place. */
const USELESS = /^(READONLY|MASTERDOWN|LOADING)\b/;

export type RedisClient = RedisClientType;
export type ScriptedClient<Scripts extends RedisScripts> = ReturnType<typeof createOurs<Scripts>>;

export interface RedisClientOptions<Scripts extends RedisScripts> {
  /** Certificates (PEM) to trust instead of those of Node.js. */
  ca?: string | null;
  /** Become methods of the client. */
  scripts?: Scripts;
  /** False: it connects once, and who made it makes the next. */
  reconnects?: boolean;
}

/**
 * A client that is not connected yet. A command fails within 300 ms when Redis is down or slow; none waits for a connection.
 *
 * @param giveUp told that the connection is of no use any more, though it stands
 */
export function createRedisClient<Scripts extends RedisScripts>(
  url: string,
  options: RedisClientOptions<Scripts>,
  giveUp: () => void,
): ScriptedClient<Scripts> {
  const client = createOurs(url, options);
  // What `createClient` returns inherits from the client itself, on which all commands run.
  const self = Object.getPrototypeOf(client) as ScriptedClient<Scripts>;
  const sendCommand = self.sendCommand.bind(self);
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
      if (client.isReady && since > DEAD_MS) giveUp();
      throw explained(error);
    }
  };
  client.on('ready', () => (answeredAt = usefulAt = performance.now()));
  // The client's own `timeout` ends when a command is written: one that a frozen Redis never answers would wait for ever.
  self.sendCommand = (args, how) => inTime(sendCommand(args, how), args[0] === 'PING');
  return client;
}

function createOurs<Scripts extends RedisScripts>(
  url: string,
  { ca, scripts, reconnects = true }: RedisClientOptions<Scripts>,
) {
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
      reconnectStrategy: (retries) => reconnects && retryDelayMs(retries),
    },
  });
}

/** From the first failed attempt to connect on, which is 0. */
export function retryDelayMs(retries: number): number {
  return Math.min(50 * 2 ** retries, 2_000);
}
