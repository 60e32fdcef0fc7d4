import type { InvalidateInput } from '../contract/activities.ts';
import type { ActivityDeps } from './deps.ts';

/** Makes the cache of this worker forget one answer, or all of a tenant. Without a cache there is nothing to forget. */
export function createInvalidateAnswers({ answers }: Pick<ActivityDeps, 'answers'>) {
  return async function invalidateAnswers({ tenant, key }: InvalidateInput): Promise<void> {
    await answers?.invalidate(tenant, key);
  };
}
