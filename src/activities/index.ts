import type { ExternalApiActivities } from '../contract/activities.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCancelSubmitted } from './cancel-submitted.ts';
import type { ActivityDeps } from './deps.ts';
import { createPollStatus } from './poll-status.ts';
import { createProcess } from './process.ts';

export function createActivities(deps: ActivityDeps): ExternalApiActivities {
  return {
    authenticate: createAuthenticate(deps),
    process: createProcess(deps),
    pollStatus: createPollStatus(deps),
    cancelSubmitted: createCancelSubmitted(deps),
  };
}
