export { createWorkers, type WorkersOptions } from './create-workers.ts';
export { createActivities, type ActivityDeps } from '../activities/index.ts';
export { createProviderClient, type ProviderClientOptions } from '../provider/provider-client.ts';
