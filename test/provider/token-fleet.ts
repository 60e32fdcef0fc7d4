import { randomBytes } from 'node:crypto';
import { Pool } from 'undici';
import { startFakeProvider, type FakeProvider } from '../../src/fake-provider/index.ts';
import { SharedTokens, type SharingProblem } from '../../src/provider/shared-token.ts';
import { TokenSource, type FetchedToken } from '../../src/provider/token-source.ts';
import { connectRedis, type RedisClient } from '../../src/redis/connect-redis.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';

export const CONTEXT = { requestId: null };
export const KEY = randomBytes(32);
export const TOKEN = 'external-api:{provider-1}:token';
export const TURN = `${TOKEN}-turn`;
/** Whoever waits for it to lapse runs into the test's timeout. */
const LONG_TURN_MS = 120_000;

/** What a process has of its own: a connection to Redis, a connection pool, and its token. */
export interface Process {
  source: TokenSource;
  redis: RedisClient;
  provider: Pool;
  problems: (SharingProblem | null)[];
}

/** A provider, a Redis, and processes that share the provider's token through it. */
export async function startFleet(settings: { tokenLifetimeS?: number } = {}) {
  const provider = await startFakeProvider({ settings: { rateLimit: 0, ...settings } });
  const redis = await startRedis();
  const processes: Process[] = [];
  return {
    provider,
    redis,
    async start(options: { key?: Buffer; turnMs?: number } = {}): Promise<Process> {
      const process = await startProcess(provider, redis, options);
      processes.push(process);
      return process;
    },
    tokenCalls: () => provider.ledger.filter(({ endpoint }) => endpoint === '/oauth/token'),
    async [Symbol.asyncDispose]() {
      for (const process of processes) {
        if (process.redis.isOpen) process.redis.destroy();
        await process.provider.destroy();
      }
      await redis[Symbol.asyncDispose]();
      await provider.close();
    },
  };
}

async function startProcess(
  { url }: FakeProvider,
  { url: redisUrl }: TestRedis,
  { key = KEY, turnMs = LONG_TURN_MS }: { key?: Buffer; turnMs?: number },
): Promise<Process> {
  const redis = connectRedis(redisUrl, () => {});
  await waitUntil('Redis is connected', () => redis.isReady);
  const provider = new Pool(url, { connections: 50 });
  const problems: (SharingProblem | null)[] = [];
  const onChange = (problem: SharingProblem | null): void => void problems.push(problem);
  const shared = new SharedTokens({ redis, scope: 'provider-1', key, turnMs, onChange });
  const source = new TokenSource({ fetchToken: () => fetchToken(provider), onRefreshed: () => {}, shared });
  return { source, redis, provider, problems };
}

async function fetchToken(provider: Pool): Promise<FetchedToken> {
  const { statusCode, body } = await provider.request({
    method: 'POST',
    path: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&client_id=demo-client&client_secret=demo-secret',
  });
  const answer = (await body.json()) as { access_token: string; expires_in: number };
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  return { accessToken: answer.access_token, expiresIn: answer.expires_in };
}

/** What `count` callers, spread over the processes, get at the same time. */
export function callers<T>(count: number, processes: Process[], call: (process: Process) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => call(processes[n % processes.length] as Process)));
}

export const tokenOf = async ({ source }: Process): Promise<string> => (await source.get(CONTEXT)).accessToken;

/** A call that needs the token; refused, it is made again with another one. The statuses of the answers. */
export async function callOf({ source, provider }: Process): Promise<number[]> {
  const statuses: number[] = [];
  for (;;) {
    const { accessToken, generation } = await source.get(CONTEXT);
    const headers = { authorization: `Bearer ${accessToken}`, 'x-api-key': 'demo-api-key' };
    const { statusCode, body } = await provider.request({ method: 'GET', path: '/status/req_x', headers });
    await body.dump();
    if (statuses.push(statusCode) === 3 || statusCode !== 401) return statuses;
    source.invalidate(generation);
  }
}
