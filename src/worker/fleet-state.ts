import { createHash } from 'node:crypto';
import { AnswerCache } from '../answers/answer-cache.ts';
import { createMemoryJobTimes, createRedisJobTimes } from '../polling/job-times-store.ts';
import type { JobTimes } from '../polling/job-times.ts';
import type { WorkerConfig } from '../config/worker-config.ts';
import type { FleetEvents } from '../observability/fleet-events.ts';
import type { BudgetRules } from '../call-budget/rules.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { createCallBudget, createFleetBudget } from '../call-budget/create-call-budget.ts';
import { writtenProvider } from '../contract/names.ts';
import { pathPrefix } from '../profile/origins.ts';
import type { ProviderClientOptions } from '../provider/provider-client.ts';
import { FLEET_SCRIPT } from '../call-budget/fleet-script.ts';
import { SharedTokens } from '../provider/shared-token.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import { longestTimes } from './longest-times.ts';

/** What all workers of a fleet know together: in Redis, or in this process when it is the only one. */
export interface FleetState {
  budget: CallBudget;
  jobTimes: JobTimes;
  answers: AnswerCache;
  /** Absent: this process has a token of its own. */
  sharedTokens: SharedTokens | undefined;
  close(): Promise<void>;
}

/** What the state is made of. */
export type FleetConfig = Pick<WorkerConfig, 'budget' | 'answers' | 'calls' | 'redis' | 'tokenKey'> & {
  provider: Pick<ProviderClientOptions, 'profile' | 'baseUrl' | 'credentials' | 'timeoutMs' | 'connectTimeoutMs'>;
};

/** Besides the waits and the call itself, whose longest times are known. */
const ALL_ELSE_MS = 1_000;

export function openFleetState(config: FleetConfig, events: FleetEvents): FleetState {
  const { tokenKey } = config;
  const rules = rulesOf(config);
  const scope = scopeOf(config);
  const { cacheTtlMs: ttlMs, fallback, fallbackMaxAgeMs: maxAgeMs } = config.answers;
  const answers = {
    ttlMs,
    fallbackMaxAgeMs: fallback === 'cache' ? maxAgeMs : 0,
    scope,
    observer: events,
    now: Date.now,
  };
  if (config.redis === null) {
    const budget = createCallBudget(rules);
    return {
      budget,
      jobTimes: createMemoryJobTimes(),
      answers: new AnswerCache(answers),
      sharedTokens: undefined,
      close: () => budget.close(),
    };
  }

  const redis = connectRedis(config.redis.url, (error) => events.redisError(error), {
    ca: config.redis.ca,
    sentinels: config.redis.sentinels,
    scripts: { callBudget: FLEET_SCRIPT },
  });
  const budget = createFleetBudget(rules, {
    client: redis,
    scope,
    fleetSize: config.redis.fleetSize,
    observer: events,
  });
  return {
    budget,
    jobTimes: createRedisJobTimes(redis, scope),
    answers: new AnswerCache({ ...answers, redis }),
    sharedTokens:
      tokenKey === null
        ? undefined
        : new SharedTokens({
            redis,
            scope,
            key: tokenKey,
            turnMs: longestTimes(config.provider).tokenMs + ALL_ELSE_MS,
            onChange: (problem) => events.tokenSharing(problem),
          }),
    async close() {
      await budget.close();
      redis.destroy();
    },
  };
}

/** The rules of the call budget. */
export function rulesOf({ budget, calls, provider }: Pick<FleetConfig, 'budget' | 'calls' | 'provider'>): BudgetRules {
  const { callMs, heldMs } = longestTimes(provider);
  return { ...budget, longestCallMs: callMs, longestHeldMs: heldMs, backoffMs: calls.retryDelayMs };
}

/** Tells providers, and our accounts with them, apart in one Redis: the same one has one limit, however it is spelt. */
export function scopeOf({ provider }: Pick<FleetConfig, 'provider'>): string {
  const { profile, baseUrl, credentials } = provider;
  const { name, oauth2 } = profile;
  const client = oauth2 && credentials[oauth2.clientId];
  const account = [`${baseUrl.origin}${pathPrefix(baseUrl)}/`, client, writtenProvider(name)];
  const told = account.filter((part) => part !== undefined).join(' ');
  return createHash('sha256').update(told).digest('hex').slice(0, 16);
}
