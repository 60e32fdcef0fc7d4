import { createHash } from 'node:crypto';
import { AnswerCache } from '../answers/answer-cache.ts';
import { createMemoryJobTimes, createRedisJobTimes } from '../polling/job-times-store.ts';
import type { JobTimes } from '../polling/job-times.ts';
import type { WorkerConfig } from '../config/worker-config.ts';
import type { FleetEvents } from '../observability/fleet-events.ts';
import { LONGEST_WAIT_MS, type BudgetRules } from '../call-budget/rules.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { createCallBudget, createFleetBudget } from '../call-budget/create-call-budget.ts';
import type { ProviderClientOptions } from '../provider/provider-client.ts';
import { FLEET_SCRIPT } from '../call-budget/fleet-script.ts';
import { SharedTokens } from '../provider/shared-token.ts';
import { connectRedis } from '../redis/connect-redis.ts';

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
  provider: Pick<ProviderClientOptions, 'baseUrl' | 'oauth' | 'timeoutMs' | 'connectTimeoutMs'>;
};

/** With its permit, a submit waits for its intent to be recorded. */
const LONGEST_RECORD_MS = 30_000;
/** A token call waits for a socket and for a permit; a second is for all else. */
const LONGEST_BEFORE_TOKEN_MS = 2 * LONGEST_WAIT_MS + 1_000;

export function openFleetState(config: FleetConfig, events: FleetEvents): FleetState {
  const { provider, tokenKey } = config;
  const onTheWayMs = provider.connectTimeoutMs + provider.timeoutMs;
  const rules: BudgetRules = {
    ...config.budget,
    longestCallMs: LONGEST_RECORD_MS + onTheWayMs,
    longestHeldMs: LONGEST_RECORD_MS,
    backoffMs: config.calls.retryDelayMs,
  };
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
            turnMs: LONGEST_BEFORE_TOKEN_MS + onTheWayMs,
            onChange: (problem) => events.tokenSharing(problem),
          }),
    async close() {
      await budget.close();
      redis.destroy();
    },
  };
}

/** Tells providers, and our accounts with them, apart in one Redis. */
function scopeOf({ provider: { baseUrl, oauth } }: FleetConfig): string {
  return createHash('sha256').update(`${baseUrl.href} ${oauth.clientId}`).digest('hex').slice(0, 16);
}
