export { composeWorker, type FleetWorker, type FleetWorkerConfig, type FleetWorkerOptions } from './compose.ts';
export { WORKFLOW_BUNDLE } from './workflow-bundle.ts';
export { loadWorkerConfig, type WorkerConfig } from '../config/worker-config.ts';
export { loadProfile } from '../profile/load-profile.ts';
export { ProfileError } from '../profile/profile-error.ts';
export type { Profile } from '../profile/schema.ts';
export type { ActivityDeps } from '../activities/deps.ts';
export type { FailedRequest, Fallback } from '../answers/fallback.ts';
