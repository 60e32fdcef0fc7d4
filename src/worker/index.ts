export { composeWorker, type FleetWorker, type FleetWorkerConfig, type FleetWorkerOptions } from './compose.ts';
export { WORKFLOW_BUNDLE } from './workflow-bundle.ts';
export { loadWorkerConfig, type WorkerConfig } from '../config/worker-config.ts';
export type { ActivityDeps } from '../activities/deps.ts';
export type { FailedRequest, Fallback } from '../answers/fallback.ts';
