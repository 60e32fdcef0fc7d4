import { RequestNotFoundError } from './client-errors.ts';
import { isMissingSearchAttribute } from './temporal-errors.ts';

/** A list lags behind: what it names may be gone when it is read, since its retention has passed. For `catch`. */
export function nullIfGone(error: unknown): null {
  if (error instanceof RequestNotFoundError) return null;
  throw error;
}

/** Calls the server with our search attributes, and without them where it has none. */
export async function withAttributesOrWithout<Result>(
  call: (withAttributes: boolean) => Promise<Result>,
): Promise<Result> {
  try {
    return await call(true);
  } catch (error) {
    if (isMissingSearchAttribute(error)) return await call(false);
    throw error;
  }
}
