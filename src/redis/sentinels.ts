import { createClient } from '@redis/client';
import { answerInTime, REDIS_DEADLINE_MS } from './answer-in-time.ts';
import { explained } from './redis-problems.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Sentinels, and what they call the master that they watch. */
export interface Sentinels {
  readonly nodes: readonly RedisAddress[];
  readonly name: string;
}

/**
 * `url` with the host and the port of the master, as the first sentinel that answers says. They are asked as the master will
 * be: with TLS if the URL says so, and with its user and password if they want any.
 * @throws Error when none of them knows it; one line, without credentials
 */
export async function masterUrl(url: string, { nodes, name }: Sentinels, ca: string | null = null): Promise<string> {
  const asked = nodes.map((node) => ask(at(url, node), name, ca));
  try {
    return at(url, await Promise.any(asked));
  } catch (error) {
    const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    const why = first instanceof Error ? explained(first).message : String(first);
    throw new Error(`no sentinel of REDIS_SENTINELS says where the master is: ${why}`, { cause: error });
  }
}

function at(url: string, { host, port }: RedisAddress): string {
  const moved = new URL(url);
  moved.hostname = host.includes(':') ? `[${host}]` : host;
  moved.port = String(port);
  return moved.href;
}

async function ask(url: string, name: string, ca: string | null): Promise<RedisAddress> {
  const { protocol, host: where, username, password } = new URL(url);
  const sentinel = createClient({
    url: `${protocol}//${where}`,
    disableOfflineQueue: true,
    socket: { ...(ca !== null && { tls: true, ca }), connectTimeout: REDIS_DEADLINE_MS, reconnectStrategy: false },
  });
  const command = (args: string[]) => answerInTime<unknown>(sentinel.sendCommand(args));
  // It is told by what fails.
  sentinel.on('error', () => {});
  try {
    // The library's time limit ends with the connection: whoever is frozen takes one, and would be waited for for ever.
    await answerInTime(sentinel.connect());
    const question = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name];
    const answer = await command(question).catch(async (error: Error) => {
      if (!error.message.startsWith('NOAUTH') || password === '') throw error;
      const credentials = [username, password].filter((part) => part !== '').map(decodeURIComponent);
      await command(['AUTH', ...credentials]);
      return await command(question);
    });
    if (!Array.isArray(answer)) throw new Error(`it watches no master named ${name}: check REDIS_SENTINEL_NAME`);
    const [host, port] = answer as [string, string];
    return { host, port: Number(port) };
  } finally {
    if (sentinel.isOpen) sentinel.destroy();
  }
}
