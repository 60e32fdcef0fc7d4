import { callError } from '../contract/errors.ts';
import { MAX_RESULT_BYTES } from '../contract/limits.ts';
import type { ProcessResult } from '../contract/request.ts';

/** Of what is nested deeper, JSON can be read and not be written again: the stack ends somewhere from 4,000 on. */
const MAX_DEPTH = 1_000;

/**
 * Temporal takes no payload over 2 MiB. The work is done all the same, so the error carries the id that finds it.
 * @throws ExternalAPIError `resultTooLarge`
 */
export function checkResultSize(
  result: ProcessResult | null,
  requestId: string,
  providerRequestId: string | null,
): void {
  const why = whyNotKept(result);
  if (why === null) return;
  throw callError(
    'resultTooLarge',
    `The work is done, but its result ${why}. ` +
      `Fetch it from the provider${providerRequestId === null ? '' : ` by its id ${providerRequestId}`}.`,
    { requestId, providerRequestId },
  );
}

function whyNotKept(result: ProcessResult | null): string | null {
  if (result === null) return null;
  if (isDeeper(result.processedData, MAX_DEPTH))
    return `is nested deeper than the ${MAX_DEPTH} levels that can be kept`;
  const bytes = Buffer.byteLength(JSON.stringify(result));
  return bytes <= MAX_RESULT_BYTES ? null : `of ${bytes} bytes is too large to keep (at most ${MAX_RESULT_BYTES})`;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
