import { TemporalUnavailableError } from '../client/client-errors.ts';
import { isNoAnswer } from '../client/temporal-errors.ts';
import { whyNoAnswer } from '../client/why-no-answer.ts';
import type { TemporalConfig } from '../config/temporal.ts';

/** `error`, with the reason if it is that the Temporal server gave no answer. */
export async function explained(error: unknown, { connectionOptions }: TemporalConfig): Promise<unknown> {
  if (!isNoAnswer(error)) return error;
  const { requestId, cause } = error;
  const reason = await whyNoAnswer(connectionOptions);
  return new TemporalUnavailableError(error.message.replace('did not answer.', `did not answer. ${reason}`), {
    cause,
    requestId,
  });
}
