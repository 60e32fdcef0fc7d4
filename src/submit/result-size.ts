import { callError } from '../contract/errors.ts';
import { MAX_RESULT_BYTES } from '../contract/limits.ts';
import type { ProcessResult } from '../contract/request.ts';

/**
 * Temporal takes no payload over 2 MiB. The work is done all the same, so the error carries the id that finds it.
 * @throws ExternalAPIError `resultTooLarge`
 */
export function checkResultSize(
  result: ProcessResult | null,
  requestId: string,
  providerRequestId: string | null,
): void {
  const bytes = bytesOf(result);
  if (bytes <= MAX_RESULT_BYTES) return;
  throw callError(
    'resultTooLarge',
    `The work is done, but its result of ${bytes} bytes is too large to keep (at most ${MAX_RESULT_BYTES}). ` +
      `Fetch it from the provider${providerRequestId === null ? '' : ` by its id ${providerRequestId}`}.`,
    { requestId, providerRequestId },
  );
}

function bytesOf(result: ProcessResult | null): number {
  return result === null ? 0 : Buffer.byteLength(JSON.stringify(result));
}
