import { TemporalUnavailableError } from '../client/errors.ts';

/** `promise`, or a TemporalUnavailableError after `ms`: no caller waits on a server that does not answer. */
export async function bounded<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TemporalUnavailableError()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
