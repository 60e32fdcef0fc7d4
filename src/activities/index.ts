import type {
  AnswerActivities,
  ExternalApiActivities,
  LookupActivities,
  ServerActivities,
} from '../contract/activities.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCancelSubmitted } from './cancel-submitted.ts';
import { confirmUnsent } from './confirm-unsent.ts';
import type { ActivityDeps } from './deps.ts';
import { createFallBack } from '../answers/fallback.ts';
import { createFindSubmitted } from './find-submitted.ts';
import { createInvalidateAnswers } from './invalidate-answers.ts';
import { createPollStatus } from './poll-status.ts';
import { createProcess } from './process.ts';
import { rememberAnswers } from '../answers/remember-answers.ts';

export type Activities = ExternalApiActivities & LookupActivities & AnswerActivities & ServerActivities;

/** @throws TypeError when `fallback` names a function that is not among `fallbacks` */
export function createActivities(deps: ActivityDeps): Activities {
  return {
    authenticate: createAuthenticate(deps),
    ...rememberAnswers({ process: createProcess(deps), pollStatus: createPollStatus(deps) }, deps.answers),
    cancelSubmitted: createCancelSubmitted(deps),
    findSubmitted: createFindSubmitted(deps),
    confirmUnsent,
    fallBack: createFallBack(deps),
    invalidateAnswers: createInvalidateAnswers(deps),
  };
}
