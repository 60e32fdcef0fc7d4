export { createWorkers, type WorkersOptions } from './create-workers.ts';
export type { ActivityDeps } from '../activities/deps.ts';
export { createActivities } from '../activities/index.ts';
export { createProviderClient, type ProviderClientOptions } from '../provider/provider-client.ts';
