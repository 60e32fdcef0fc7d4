import { proxyActivities } from '@temporalio/workflow';
import type { AnswerActivities, InvalidateInput } from '../contract/activities.ts';

/** Makes the workers' response cache forget, however long it takes to reach it. */
export async function invalidateAnswers(input: InvalidateInput): Promise<void> {
  const activities = proxyActivities<AnswerActivities>({
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary: input.key === null ? `All answers of ${input.tenant}` : `One answer of ${input.tenant}`,
  });
  await activities.invalidateAnswers(input);
}
