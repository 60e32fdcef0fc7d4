import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SharingProblem } from '../../src/provider/shared-token.ts';
import type { RedisClient } from '../../src/redis/connect-redis.ts';
import { startRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { callers, callOf, CONTEXT, KEY, startFleet, TOKEN, tokenOf, TURN, type Process } from './token-fleet.ts';

describe('one token for all processes', () => {
  test('[M2] 1,000 cold callers in three processes: one token call', async () => {
    await using fleet = await startFleet();
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    const tokens = await callers(1000, processes, tokenOf);
    expect(new Set(tokens).size).toBe(1);
    expect(fleet.tokenCalls()).toHaveLength(1);
    const owners = await Promise.all(processes.map(({ source }) => source.get(CONTEXT)));
    expect(owners.filter(({ own }) => own)).toHaveLength(1);
  });

  test('[M2] a process that comes later takes it, and knows how long it lives', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 100 });
    const first = await (await fleet.start()).source.get(CONTEXT);
    const taken = await (await fleet.start()).source.get(CONTEXT);
    expect(taken).toMatchObject({ accessToken: first.accessToken, generation: 1, own: false });
    expect(taken.expiresAt).toBeLessThanOrEqual(first.expiresAt);
    expect(taken.expiresAt).toBeGreaterThan(first.expiresAt - 10_000);
    expect(taken.expiresAt - taken.refreshAt).toBe(first.expiresAt - first.refreshAt);
    expect(fleet.tokenCalls()).toHaveLength(1);
  });

  test('[M2] at its end: one more', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 2 });
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    const [old] = await callers(1000, processes, tokenOf);
    const { expiresAt } = await (processes[0] as Process).source.get(CONTEXT);
    await waitUntil('the token is expired', () => Date.now() >= expiresAt);
    const tokens = await callers(1000, processes, tokenOf);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(old);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });

  test('[M2] near its end one process fetches the next one, while the old one serves', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 5 });
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    const [old] = await callers(1000, processes, tokenOf);
    const { refreshAt, expiresAt } = await (processes[0] as Process).source.get(CONTEXT);
    await waitUntil('the token is near its end', () => Date.now() >= refreshAt);
    expect(new Set(await callers(1000, processes, tokenOf))).toEqual(new Set([old]));
    await waitUntil('all have the next one', async () => {
      const tokens = await callers(3, processes, tokenOf);
      return new Set(tokens).size === 1 && tokens[0] !== old;
    });
    expect(fleet.tokenCalls()).toHaveLength(2);
    expect(fleet.tokenCalls()[1]?.arrivedAt).toBeLessThan(expiresAt - 500);
  });

  test('[M2][M5] 1,000 callers in three processes whose token was revoked: one more', async () => {
    await using fleet = await startFleet();
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    await callers(3, processes, tokenOf);
    fleet.provider.revokeTokens();
    const statuses = await callers(1000, processes, callOf);
    expect(statuses.map((each) => each.at(-1)).filter((status) => status !== 404)).toEqual([]);
    expect(Math.max(...statuses.map((each) => each.length))).toBe(2);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });

  test('[M5] a refused token is nobody’s any more; the one that replaced it stays', async () => {
    await using fleet = await startFleet();
    const [first, second] = [await fleet.start(), await fleet.start()];
    await callers(2, [first, second], tokenOf);
    first.source.invalidate(1);
    await waitUntil('it is deleted', async () => (await first.redis.get(TOKEN)) === null);
    const next = await tokenOf(first);
    await waitUntil('the next one is stored', async () => (await first.redis.get(TOKEN)) !== null);
    second.source.invalidate(1);
    expect(await tokenOf(second)).toBe(next);
    expect(await tokenOf(await fleet.start())).toBe(next);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });

  test('[M5] one that another process fetched may have been refused too: then comes a fresh one', async () => {
    await using fleet = await startFleet();
    const [first, idle] = [await fleet.start(), await fleet.start()];
    await callers(2, [first, idle], tokenOf);
    first.source.invalidate(1);
    await tokenOf(first);
    fleet.provider.revokeTokens();
    expect(await callOf(idle)).toEqual([401, 401, 404]);
    expect(await idle.source.get(CONTEXT)).toMatchObject({ generation: 3, own: true });
    expect(fleet.tokenCalls()).toHaveLength(3);
  });
});

describe('the turn to fetch', () => {
  test('[M2] who dies with it costs one more call, when it has lapsed', async () => {
    await using fleet = await startFleet();
    fleet.provider.script({ endpoint: '/oauth/token', fault: { kind: 'executed-hang' } });
    const dying = await fleet.start({ turnMs: 1000 });
    const others = [await fleet.start({ turnMs: 1000 }), await fleet.start({ turnMs: 1000 })];
    dying.source.get(CONTEXT).catch(() => {});
    await waitUntil('its call arrived', () => fleet.tokenCalls().length === 1);
    dying.redis.destroy();
    const tokens = await callers(1000, others, tokenOf);
    expect(new Set(tokens).size).toBe(1);
    const [left, taken, ...more] = fleet.tokenCalls().map(({ arrivedAt }) => arrivedAt);
    expect(more).toEqual([]);
    expect((taken ?? 0) - (left ?? 0)).toBeGreaterThan(900);
  });

  test('[M2] whose call fails gives it up: the next one calls at once', async () => {
    await using fleet = await startFleet();
    fleet.provider.script({ endpoint: '/oauth/token', fault: { kind: 'status', code: 500 } });
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    const results = await Promise.allSettled(processes.map(tokenOf));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });

  test('[M2] who comes back after it has lapsed shares its token, if nobody has fetched another', async () => {
    await using fleet = await startFleet();
    fleet.provider.script({ endpoint: '/oauth/token', fault: { kind: 'delay', ms: 500 } });
    const token = await tokenOf(await fleet.start({ turnMs: 200 }));
    const other = await fleet.start();
    await waitUntil('it is stored', async () => (await other.redis.get(TOKEN)) !== null);
    expect(await tokenOf(other)).toBe(token);
    expect(fleet.tokenCalls()).toHaveLength(1);
  });

  test('[M2] who comes back after it has lapsed replaces no newer token', async () => {
    await using fleet = await startFleet();
    fleet.provider.script({ endpoint: '/oauth/token', fault: { kind: 'delay', ms: 1500 } });
    const slow = await fleet.start({ turnMs: 500 });
    const late = tokenOf(slow);
    await waitUntil('its call arrived', () => fleet.tokenCalls().length === 1);
    const other = await fleet.start({ turnMs: 500 });
    const newer = await tokenOf(other);
    expect(await late).not.toBe(newer);
    expect(await tokenOf(await fleet.start())).toBe(newer);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });
});

describe('a Redis that is no help', () => {
  test('[M2] hangs: each process makes one call, and the next one takes a token of theirs', async () => {
    await using fleet = await startFleet();
    const processes = [await fleet.start(), await fleet.start(), await fleet.start()];
    const later = await fleet.start();
    fleet.redis.pause();
    const tokens = await callers(1000, processes, tokenOf);
    expect(new Set(tokens).size).toBe(3);
    expect(fleet.tokenCalls()).toHaveLength(3);
    expect(processes.map(({ problems }) => problems)).toEqual(processes.map(() => ['unavailable']));
    fleet.redis.resume();
    expect(tokens).toContain(await tokenOf(later));
    expect(fleet.tokenCalls()).toHaveLength(3);
  });

  test('[M2] hung for longer than a token lived: it is nobody’s', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 1 });
    const [first, later] = [await fleet.start(), await fleet.start()];
    fleet.redis.pause();
    const { accessToken, expiresAt } = await first.source.get(CONTEXT);
    await waitUntil('it is expired', () => Date.now() >= expiresAt);
    fleet.redis.resume();
    await first.redis.ping();
    expect(await tokenOf(later)).not.toBe(accessToken);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });

  test('[M2] dies and comes back empty: on its own in between, said once', async () => {
    await using fleet = await startFleet();
    const [first, second] = [await fleet.start(), await fleet.start()];
    await fleet.redis.kill();
    await callers(1000, [first, second], tokenOf);
    await callers(2, [first, second], callOf);
    expect(fleet.tokenCalls()).toHaveLength(2);
    expect([first.problems, second.problems]).toEqual([['unavailable'], ['unavailable']]);
    await using restarted = await startRedis(fleet.redis.port);
    await waitUntil(`${restarted.url} is connected`, () => first.redis.isReady && second.redis.isReady);
    fleet.provider.revokeTokens();
    await callers(1000, [first, second], callOf);
    expect(fleet.tokenCalls()).toHaveLength(3);
    expect([first.problems, second.problems]).toEqual([
      ['unavailable', null],
      ['unavailable', null],
    ]);
  });

  const poisons: [title: string, problem: SharingProblem, poison: (redis: RedisClient) => Promise<unknown>][] = [
    ['text', 'not_ours', (redis) => redis.set(TOKEN, 'garbage', { PX: 60_000 })],
    ['a token without an end', 'not_ours', (redis) => redis.set(TOKEN, 'garbage')],
    ['another type', 'unavailable', (redis) => redis.lPush(TOKEN, 'garbage')],
    ['a turn without an end', 'not_ours', (redis) => redis.set(TURN, 'nobody')],
    ['a turn that ends tomorrow', 'not_ours', (redis) => redis.set(TURN, 'nobody', { EX: 86_400 })],
    ['a turn of another type', 'unavailable', (redis) => redis.lPush(TURN, 'nobody')],
  ];
  test.each(poisons)('[M2][M17] holds %s: each process makes one call', async (_title, problem, poison) => {
    await using fleet = await startFleet();
    const processes = [await fleet.start(), await fleet.start()];
    await poison((processes[0] as Process).redis);
    await callers(100, processes, tokenOf);
    expect(fleet.tokenCalls()).toHaveLength(2);
    expect(processes.map(({ problems }) => problems)).toEqual([[problem], [problem]]);
  });

  test('[M2][M17] a process with another key makes one call, and the others go on sharing', async () => {
    await using fleet = await startFleet();
    const token = await tokenOf(await fleet.start());
    const stranger = await fleet.start({ key: randomBytes(32) });
    expect(await tokenOf(stranger)).not.toBe(token);
    expect(stranger.problems).toEqual(['not_ours']);
    expect(await tokenOf(await fleet.start())).toBe(token);
    expect(fleet.tokenCalls()).toHaveLength(2);
  });
});

describe('what is in Redis', () => {
  test('[M17][N7] no key and no value shows a token or a secret, and none outlives its token', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 100 });
    const process = await fleet.start();
    const { redis } = process;
    const tokens = [await tokenOf(process)];
    await waitUntil('it is stored', async () => (await redis.get(TOKEN)) !== null);
    process.source.invalidate(1);
    tokens.push(await tokenOf(process));
    await waitUntil('the next one is stored', async () => (await redis.get(TOKEN)) !== null);

    const keys = await redis.keys('*');
    const values = await Promise.all(keys.map((key) => redis.get(key)));
    const decoded = values.map((value) => Buffer.from(value ?? '', 'base64').toString('latin1'));
    const shown = [...keys, ...values, ...decoded].join('\n');
    expect(keys).toEqual([TOKEN]);
    for (const secret of [...tokens, KEY.toString('base64'), 'demo-secret', 'demo-api-key']) {
      for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]) {
        expect(shown).not.toContain(form);
      }
    }
    const { expiresAt } = await process.source.get(CONTEXT);
    const ttlMs = await redis.pTTL(TOKEN);
    expect(ttlMs).toBeGreaterThan(0);
    expect(Date.now() + ttlMs).toBeLessThanOrEqual(expiresAt);
  });

  test('[M2] a token without life is kept from others, who call in turn', async () => {
    await using fleet = await startFleet({ tokenLifetimeS: 0 });
    const processes = [await fleet.start(), await fleet.start()];
    expect(new Set(await callers(100, processes, tokenOf)).size).toBe(2);
    expect(await (processes[0] as Process).redis.get(TOKEN)).toBeNull();
    expect(fleet.tokenCalls()).toHaveLength(2);
  });
});

test('[M17] a key of another length is refused at once', async () => {
  await using fleet = await startFleet();
  await expect(fleet.start({ key: randomBytes(16) })).rejects.toThrow('key: expected 32 bytes, for AES-256');
});
