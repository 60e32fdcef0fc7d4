import type { ExternalApiActivities } from '../contract/activities.ts';
import type { ProcessResult } from '../contract/request.ts';
import type { AnswerCache } from './answer-cache.ts';

type Answering = Pick<ExternalApiActivities, 'process' | 'pollStatus'>;

/** The two activities that get results, which now also keep them for equal requests. */
export function rememberAnswers({ process, pollStatus }: Answering, answers: AnswerCache | undefined): Answering {
  async function remember(slot: string | undefined, result: ProcessResult | null): Promise<void> {
    if (slot !== undefined && result !== null) await answers?.store(slot, result);
  }
  return {
    async process(input) {
      const submission = await process(input);
      await remember(input.answerSlot, submission.result);
      return submission;
    },
    async pollStatus(input) {
      const finished = await pollStatus(input);
      await remember(input.answerSlot, finished?.result ?? null);
      return finished;
    },
  };
}
