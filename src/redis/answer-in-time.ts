/** Nothing waits longer for Redis: without its answer the caller goes on alone. */
export const REDIS_DEADLINE_MS = 300;

/**
 * What Redis answers, within 300 ms.
 * @throws Error when it is late; the command may still be done later
 */
export function answerInTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const late = (): void => reject(new Error(`Redis did not answer within ${REDIS_DEADLINE_MS} ms`));
    // What came while this process itself was busy is read before the immediate runs: that is no fault of Redis.
    const timer = setTimeout(() => setImmediate(late), REDIS_DEADLINE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
