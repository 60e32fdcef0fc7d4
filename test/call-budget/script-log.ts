import { OPERATIONS } from '../../src/contract/values.ts';
import { FleetReply } from '../../src/call-budget/fleet-reply.ts';
import { FLEET_SCRIPT } from '../../src/call-budget/fleet-script.ts';
import {
  OPERATION_OF,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type Permit,
  type RateHint,
  type Room,
  type Taken,
} from '../../src/call-budget/rules.ts';
import { connectRedis } from '../../src/redis/connect-redis.ts';
import type { Sentinels } from '../../src/redis/sentinels.ts';
import { startRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';

export type ScriptClient = ReturnType<typeof connectWithScript>;

export function connectWithScript(url: string, ca: string | null = null, sentinels: Sentinels | null = null) {
  return connectRedis(url, () => {}, { ca, sentinels, scripts: { callBudget: FLEET_SCRIPT } });
}

export interface ScriptedRedis {
  client: ScriptClient;
  end(): Promise<void>;
}

/** A Redis of the test's own, and a connection to it that can run the script. */
export async function startScriptedRedis(): Promise<ScriptedRedis> {
  const redis = await startRedis();
  const client = connectWithScript(redis.url);
  await waitUntil('Redis is there', () => client.isReady);
  return {
    client,
    async end() {
      client.destroy();
      await redis.kill();
    },
  };
}

const optional = (value: number | null): string => (value === null ? '' : `${value}`);

/** The script as one worker of a fleet calls it, with a clock that the test sets. */
export class ScriptLog {
  now = 1_000_000;
  seq = 0;
  readonly #client: ScriptClient;
  readonly #keys: string[];
  readonly #rules: string[];
  readonly #worker: string;

  constructor(client: ScriptClient, scope: string, rules: BudgetRules, fleetSize = 1, worker = 'w') {
    this.#client = client;
    const keys = [...OPERATIONS.map((operation) => `log:${operation}`), 'state', 'members', 'aside'];
    this.#keys = keys.map((key) => `external-api:{${scope}}:${key}`);
    const { limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs } = rules;
    this.#rules = [limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs, fleetSize].map(String);
    this.#worker = worker;
  }

  async run(command: string, args: string[], sentAt: number | null = null): Promise<FleetReply> {
    const all = [command, `${this.now}`, optional(sentAt), ...this.#rules, this.#worker, `${this.seq}`, ...args];
    const reply = new FleetReply(await this.#client.callBudget(this.#keys, all));
    this.seq = Math.max(this.seq, reply.seq);
    return reply;
  }

  beat(aside = false, known = 0): Promise<FleetReply> {
    return this.run('beat', [aside ? '1' : '0', '0', `${known}`]);
  }

  async take(callClass: CallClass, id: string, byShare = false): Promise<Taken> {
    const operation = OPERATION_OF[callClass];
    const reply = await this.run('take', [callClass, operation, id, byShare ? '1' : '0']);
    if (reply.text() === 'granted') {
      return { permit: { id, operation, probe: reply.flag(), outages: reply.number(), useBy: Infinity } };
    }
    const { waitMs, closedBy } = reply.room();
    return { permit: null, waitMs, closedBy: closedBy ?? 'budget' };
  }

  async peek(callClass: CallClass, calls: number): Promise<Room> {
    return (await this.run('peek', [callClass, `${calls}`, '0'])).room();
  }

  async closure() {
    return (await this.run('closure', [])).closure();
  }

  async arrived({ operation, id }: Permit): Promise<void> {
    await this.run('arrived', [operation, id]);
  }

  async ended({ operation, id, probe, outages }: Permit, end: CallEnd, random: number): Promise<boolean> {
    const retryAfter = optional(end.type === 'refused' ? end.retryAfterMs : null);
    const args = [operation, id, probe ? '1' : '0', `${outages}`, end.type, retryAfter, `${random}`];
    return (await this.run('ended', args)).flag();
  }

  async heed(operation: Permit['operation'], { limit, windowMs, remaining, resetMs }: RateHint): Promise<void> {
    await this.run('heed', [operation, ...[limit, windowMs, remaining, resetMs].map(optional)]);
  }

  async state(): Promise<Partial<BudgetState>> {
    const reply = await this.run('state', []);
    const [used, room] = [reply.number(), reply.room()];
    const [bulkWaitMs, failures] = [reply.number(), reply.number()];
    const [kept, lowered] = [reply.number(), reply.optionalNumber()];
    return { used, ...room, bulkWaitMs, failures, kept, lowered };
  }
}
