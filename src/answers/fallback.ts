import type { FallBackInput, FallBackResult } from '../contract/activities.ts';
import type { JsonValue, ProcessResult, RequestError } from '../contract/request.ts';
import type { AnswerCache } from './answer-cache.ts';

/** A request that is about to end without a result, as a fallback sees it. */
export interface FailedRequest {
  requestId: string;
  tenant: string;
  data: JsonValue;
  failure: RequestError;
}

/** What stands in for the result of a request that failed; null: nothing does. It has 30 s in all. */
export type Fallback = (request: FailedRequest) => Promise<ProcessResult | null>;

/** What answers are kept in, and what stands in for one. */
export interface FallbackDeps {
  /** Absent: every request is a call. */
  answers?: AnswerCache | undefined;
  /** EXTERNAL_API_FALLBACK: `none` (default), `cache`, or a name among `fallbacks`. */
  fallback?: string | undefined;
  fallbacks?: Readonly<Record<string, Fallback>> | undefined;
}

export function hasFallback({ fallback = 'none' }: Pick<FallbackDeps, 'fallback'>): boolean {
  return fallback !== 'none';
}

/** @throws TypeError when EXTERNAL_API_FALLBACK names a function that is not there */
export function createFallBack({ answers, fallback = 'none', fallbacks = {} }: FallbackDeps) {
  const named = Object.hasOwn(fallbacks, fallback) ? fallbacks[fallback] : undefined;
  if (fallback !== 'none' && fallback !== 'cache' && !named) throw noSuchFallback(fallback, Object.keys(fallbacks));

  return async function fallBack({ cacheKey, ...failed }: FallBackInput): Promise<FallBackResult | null> {
    if (fallback === 'cache' && cacheKey !== null) {
      return (await answers?.lastGood({ tenant: failed.tenant, key: cacheKey })) ?? null;
    }
    const result = (await named?.(failed)) ?? null;
    return result && { result, storedAt: null };
  };
}

function noSuchFallback(fallback: string, names: readonly string[]): TypeError {
  const known = names.length === 0 ? 'this worker has no functions' : `the functions are ${names.join(', ')}`;
  return new TypeError(
    `EXTERNAL_API_FALLBACK is ${JSON.stringify(fallback)}: expected none, cache, or the name of a function among ` +
      `fallbacks, and ${known}.`,
  );
}
