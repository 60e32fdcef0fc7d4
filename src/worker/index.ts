export { createWorkers, type WorkersOptions } from './create-workers.ts';
export type { ActivityDeps } from '../activities/deps.ts';
export { AnswerCache, type AnswerCacheOptions } from '../activities/answer-cache.ts';
export type { FailedRequest, Fallback } from '../activities/fall-back.ts';
export { createActivities } from '../activities/index.ts';
export { createMemoryJobTimes } from '../activities/job-times-store.ts';
export { createCallBudget } from '../provider/call-budget/create-call-budget.ts';
export { createProviderClient, type ProviderClientOptions } from '../provider/provider-client.ts';
