import { createClient } from '@redis/client';
import { answerInTime, REDIS_DEADLINE_MS } from './answer-in-time.ts';

/** A connection that has answered nothing for so long is given up: its other end may be gone without a word. */
const DEAD_MS = 3_000;

export type RedisClient = ReturnType<typeof newClient>;

/**
 * A client that connects in the background and reconnects for ever. A command fails within 300 ms when Redis is down or
 * slow; none waits for a connection.
 *
 * @param onError told of each lost connection and failed attempt; the message carries no credentials
 */
export function connectRedis(url: string, onError: (error: Error) => void): RedisClient {
  const client = newClient(url);
  // What `createClient` returns inherits from the client itself, on which all commands run.
  const self = Object.getPrototypeOf(client) as RedisClient;
  const sendCommand = self.sendCommand.bind(self);
  let answeredAt = performance.now();
  const inTime = async <Answer>(command: Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await answerInTime(command);
      answeredAt = performance.now();
      return answer;
    } catch (error) {
      if (client.isReady && performance.now() - answeredAt > DEAD_MS) {
        client.destroy();
        client.connect().catch(onError);
      }
      throw error;
    }
  };
  client.on('ready', () => (answeredAt = performance.now()));
  // The client's own `timeout` ends when a command is written: one that a frozen Redis never answers would wait for ever.
  self.sendCommand = (args, options) => inTime(sendCommand(args, options));
  client.on('error', onError);
  client.connect().catch(onError);
  return client;
}

function newClient(url: string) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: REDIS_DEADLINE_MS },
    // So that a dead connection is noticed, and an idle one not taken for dead.
    pingInterval: 1_000,
    socket: {
      connectTimeout: REDIS_DEADLINE_MS,
      socketTimeout: DEAD_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000),
    },
  });
}
