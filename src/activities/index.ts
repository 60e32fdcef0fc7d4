import type { AnswerActivities, ExternalApiActivities } from '../contract/activities.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCancelSubmitted } from './cancel-submitted.ts';
import type { ActivityDeps } from './deps.ts';
import { createFallBack } from './fall-back.ts';
import { createInvalidateAnswers } from './invalidate-answers.ts';
import { createPollStatus } from './poll-status.ts';
import { createProcess } from './process.ts';
import { rememberAnswers } from './remember-answers.ts';

/** @throws TypeError when `fallback` names a function that is not among `fallbacks` */
export function createActivities(deps: ActivityDeps): ExternalApiActivities & AnswerActivities {
  return {
    authenticate: createAuthenticate(deps),
    ...rememberAnswers({ process: createProcess(deps), pollStatus: createPollStatus(deps) }, deps.answers),
    cancelSubmitted: createCancelSubmitted(deps),
    fallBack: createFallBack(deps),
    invalidateAnswers: createInvalidateAnswers(deps),
  };
}
