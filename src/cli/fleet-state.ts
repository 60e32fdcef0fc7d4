import { createHash } from 'node:crypto';
import { AnswerCache } from '../activities/answer-cache.ts';
import { createMemoryJobTimes, createRedisJobTimes } from '../activities/job-times-store.ts';
import type { JobTimes } from '../activities/job-times.ts';
import type { WorkerConfig } from '../config/worker-config.ts';
import type { FleetEvents } from '../observability/fleet-events.ts';
import type { BudgetRules } from '../provider/call-budget/budget.ts';
import type { CallBudget } from '../provider/call-budget/call-budget.ts';
import { createCallBudget, createFleetBudget } from '../provider/call-budget/create-call-budget.ts';
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

/** Before a call leaves it waits for its intent to be recorded, and for a connection. */
const LONGEST_BEFORE_SEND_MS = 30_000;
/** A turn to fetch the token covers the wait for a permit, too. */
const LONGEST_BEFORE_TOKEN_MS = 6_000;

export function openFleetState(config: WorkerConfig, events: FleetEvents): FleetState {
  const { provider, tokenKey, redisUrl } = config;
  const rules: BudgetRules = {
    ...config.budget,
    longestCallMs: provider.timeoutMs + LONGEST_BEFORE_SEND_MS,
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
  if (redisUrl === null) {
    const budget = createCallBudget(rules);
    return {
      budget,
      jobTimes: createMemoryJobTimes(),
      answers: new AnswerCache(answers),
      sharedTokens: undefined,
      close: () => budget.close(),
    };
  }

  const redis = connectRedis(redisUrl, (error) => events.redisError(error));
  const budget = createFleetBudget(rules, {
    client: redis,
    scope,
    fleetSize: config.budget.fleetSize,
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
            turnMs: provider.timeoutMs + LONGEST_BEFORE_TOKEN_MS,
            onChange: (problem) => events.tokenSharing(problem),
          }),
    async close() {
      await budget.close();
      redis.destroy();
    },
  };
}

/** Tells providers, and our accounts with them, apart in one Redis. */
function scopeOf({ provider: { baseUrl, oauth } }: WorkerConfig): string {
  return createHash('sha256').update(`${baseUrl.href} ${oauth.clientId}`).digest('hex').slice(0, 16);
}
