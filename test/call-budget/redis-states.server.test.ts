import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OPERATIONS } from '../../src/contract/values.ts';
import { worstWindow } from '../../bench/sliding-window.ts';
import { freePort } from '#scripts/lib/ports.mjs';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectWithScript } from './script-log.ts';
import { callOn, counting, RULES, startTestFleet, takeAll, type TestFleet } from './test-fleet.ts';

const POLL = ['poll', 'status'] as const;
/** All commands but those that change the server or show what is not the user's. */
const USER = ['ACL', 'SETUSER', 'worker', 'on', '>secret', '~external-api:*', '+@all', '-@dangerous'];

type Commands = readonly (readonly string[])[];

async function operator({ url }: TestRedis): Promise<(commands: Commands) => Promise<void>> {
  const client = connectWithScript(url);
  onTestFinished(() => client.destroy());
  await waitUntil('Redis is there', () => client.isReady);
  return async (commands) => {
    for (const command of commands) await client.sendCommand([...command]);
  };
}

function urlOf({ port }: TestRedis, credentials: string): string {
  return `redis://${credentials}@127.0.0.1:${port}`;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'redis-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const REPLICA = ['REPLICAOF', '127.0.0.1', '1'];
const NO_REPLICA = ['REPLICAOF', 'NO', 'ONE'];
const DISCONNECT = ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'];

describe('[M9][N3] S8: calls are not counted, that is told with its cause, and none goes out too many, while Redis', () => {
  test.each<[what: string, begins: Commands, ends: Commands, why: RegExp]>([
    ['is a replica', [REPLICA], [NO_REPLICA], /^REDIS_URL is a replica, which takes no writes$/],
    [
      'is a replica without a master',
      [['CONFIG', 'SET', 'replica-serve-stale-data', 'no'], REPLICA],
      [NO_REPLICA],
      /^REDIS_URL is a replica that has lost its master$/,
    ],
    [
      'has no memory left',
      [['CONFIG', 'SET', 'maxmemory', '1']],
      [['CONFIG', 'SET', 'maxmemory', '0']],
      /^Redis has no memory left: raise its maxmemory/,
    ],
    [
      'wants another password',
      [['ACL', 'SETUSER', 'worker', 'resetpass', '>other'], DISCONNECT],
      [['ACL', 'SETUSER', 'worker', 'resetpass', '>secret']],
      /^no connection: Redis refuses the user or the password of REDIS_URL$/,
    ],
    [
      'does not let the user write',
      [['ACL', 'SETUSER', 'worker', '-evalsha']],
      [['ACL', 'SETUSER', 'worker', '+evalsha']],
      /^Redis does not let the user of REDIS_URL do what it must/,
    ],
    [
      'does not let the user see the keys',
      [['ACL', 'SETUSER', 'worker', 'resetkeys', '~other:*']],
      [['ACL', 'SETUSER', 'worker', '~external-api:*']],
      /^Redis does not let the user of REDIS_URL do what it must/,
    ],
  ])('%s', { timeout: 60_000 }, async (_, begins, ends, why) => {
    await using fleet = await startTestFleet();
    const operate = await operator(fleet.redis);
    await operate([USER]);
    const url = urlOf(fleet.redis, 'worker:secret');
    const [one, two] = [fleet.join(2, {}, { url }), fleet.join(2, {}, { url })];
    await Promise.all([counting(one), counting(two)]);
    const arrivals: number[] = [];
    const stop = new AbortController();
    const calling = [one, two].map((member) => callOn(member, arrivals, stop.signal));
    const told = one.told.length;
    await operate(begins);
    await waitUntil('it is told', () => one.told.slice(told).some((each) => why.test(each.why ?? '')));
    expect(one.told.slice(told).every(({ redisOk }) => !redisOk)).toBe(true);
    const before = arrivals.length;
    await waitUntil('each sends its share', () => arrivals.length > before + RULES.limit, 20_000);
    const causes = one.told.slice(told).map((each) => each.why);
    expect(causes).toEqual([...new Set(causes)]);
    await operate(ends);
    await Promise.all([counting(one), counting(two)]);
    const after = arrivals.length;
    await waitUntil('calls go out', () => arrivals.length > after + RULES.limit, 20_000);
    stop.abort();
    await Promise.all(calling);
    expect(worstWindow(arrivals, RULES.windowMs)).toBeLessThanOrEqual(RULES.limit);
  });
});

test('[M9] a user of an ACL without dangerous commands is enough', async () => {
  await using fleet = await startTestFleet();
  await (
    await operator(fleet.redis)
  )([USER]);
  const one = fleet.join(2, {}, { url: urlOf(fleet.redis, 'worker:secret') });
  await counting(one);
  expect(await takeAll(one)).toHaveLength(18);
  expect(one.told).toEqual([]);
});

test.each<[what: string, credentials: string, why: string]>([
  ['no password', '', 'Redis wants a user or a password, and REDIS_URL has none'],
  ['a wrong password', ':wrong', 'no connection: Redis refuses the user or the password of REDIS_URL'],
])('[M9][N3] a worker with %s sends nothing, is not ready, and says why', async (_, credentials, why) => {
  await using fleet = await startTestFleet({ isNew: true });
  await (
    await operator(fleet.redis)
  )([['CONFIG', 'SET', 'requirepass', 'secret']]);
  const one = fleet.join(1, {}, { url: credentials === '' ? fleet.redis.url : urlOf(fleet.redis, credentials) });
  await waitUntil('it is told', () => one.told.length > 0);
  expect(one.told).toEqual([{ redisOk: false, why, workers: 1 }]);
  expect((await one.store.take(...POLL)).permit).toBeNull();
  expect(one.store.isReady).toBe(false);
});

test('[M9] a Redis that is still loading its data says so, and is used when it has', { timeout: 60_000 }, async () => {
  const args = ['--dir', await folder()];
  await using fleet = await startTestFleet({ args });
  const one = fleet.join(1);
  await counting(one);
  for (let n = 0; n < 3_000; n++) await one.client.set(`other:${n}`, 'x'.repeat(1_000));
  await one.client.sendCommand(['SAVE']);
  await fleet.redis.kill();
  const slow = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];
  const started = startRedis(fleet.redis.port, { args: [...args, ...slow] });
  const said = await waitUntil('it is loading', async () =>
    one.client.isReady ? await one.client.get('other:1').catch((error: Error) => error.message) : false,
  );
  fleet.redis = await started;
  expect(said).toBe('Redis is still loading its data');
  await counting(one);
});

describe('[M9] of a Redis Cluster', () => {
  async function startCluster(): Promise<TestFleet> {
    // The nodes' own port would be 10,000 above the clients', free or not.
    const configuration = [
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      `${await freePort()}`,
      '--dir',
      await folder(),
    ];
    return startTestFleet({ isNew: true, args: configuration });
  }

  test('that has not all slots here it is said by name that it cannot be used', async () => {
    await using fleet = await startCluster();
    const one = fleet.join(1);
    await waitUntil('it is told', () => one.told.length > 0);
    const why = 'REDIS_URL is a Redis Cluster, which cannot be used';
    expect(one.told).toEqual([{ redisOk: false, why, workers: 1 }]);
    expect((await one.store.take(...POLL)).permit).toBeNull();
  });

  test('with one node all keys of the script are in one slot', async () => {
    await using fleet = await startCluster();
    await (
      await operator(fleet.redis)
    )([['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']]);
    const one = fleet.join(1);
    await waitUntil('the cluster is there', () => one.store.isReady, 15_000);
    await counting(one);
    expect(await takeAll(one)).toHaveLength(18);
    const keys = [...OPERATIONS.map((operation) => `log:${operation}`), 'state', 'members', 'aside'];
    const slots = keys.map((key) => one.client.sendCommand(['CLUSTER', 'KEYSLOT', `external-api:{test}:${key}`]));
    expect(new Set(await Promise.all(slots)).size).toBe(1);
  });
});

test('[M9] rediss: works with a CA of its own, and without it the cause is told', async () => {
  const [path, { key, cert }] = [await folder(), createSelfSignedCertificate()];
  const files = [join(path, 'key.pem'), join(path, 'cert.pem')] as const;
  await Promise.all([writeFile(files[0], key), writeFile(files[1], cert)]);
  const port = await freePort();
  const tls = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', '--tls-ca-cert-file', files[1]];
  await using fleet = await startTestFleet({
    args: [...tls, '--tls-key-file', files[0], '--tls-cert-file', files[1]],
  });
  const url = `rediss://localhost:${port}`;
  const [trusting, other] = [fleet.join(2, {}, { url, ca: cert }), fleet.join(2, {}, { url })];
  await counting(trusting);
  expect(await takeAll(trusting)).toHaveLength(18);
  await waitUntil('it is told', () => other.told.length > 0);
  const why = 'no connection: the certificate of Redis is not trusted: REDIS_CA_FILE names those that are';
  expect(other.told).toEqual([{ redisOk: false, why, workers: 2 }]);
  expect((await other.store.take(...POLL)).permit).toBeNull();
});
