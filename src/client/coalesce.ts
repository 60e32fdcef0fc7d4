import { requestIdFor } from './request-id.ts';

/** Ids are numbered anew in each period, so that the search for the newest stays short. */
const PERIOD_MS = 600_000;

/** Whether the request with this id runs; null: there is none. */
export type LookUp = (requestId: string) => Promise<boolean | null>;

/**
 * The id of the equal request that still runs, if it began in this period or the one before; else the id of the next.
 * Callers who ask at the same time get the same id. A finished request is never found.
 *
 * @param now milliseconds since the epoch
 */
export async function coalescedId(
  { tenant, inputHash, provider }: { tenant: string; inputHash: string; provider: string | undefined },
  now: number,
  lookUp: LookUp,
): Promise<string> {
  const period = Math.floor(now / PERIOD_MS);
  // No key of a caller contains a blank.
  const idOf = (inPeriod: number, n: number): string =>
    requestIdFor(tenant, `coalesced ${inputHash} ${inPeriod} ${n}`, provider);
  let next = 0;
  for (const inPeriod of [period - 1, period]) {
    next = await countOf(async (n) => (await lookUp(idOf(inPeriod, n))) !== null);
    const newest = idOf(inPeriod, next - 1);
    if (next > 0 && (await lookUp(newest)) === true) return newest;
  }
  return idOf(period, next);
}

/** How many of 0, 1, 2, … are there, when no one is missing in between: found in twice its logarithm of looks. */
async function countOf(isThere: (n: number) => Promise<boolean>): Promise<number> {
  let end = 1;
  while (await isThere(end - 1)) end *= 2;
  // Of those before `start` all are there, of those from `end - 1` on none.
  let start = end >> 1;
  while (start < end - 1) {
    const middle = (start + end - 1) >> 1;
    if (await isThere(middle)) start = middle + 1;
    else end = middle + 1;
  }
  return start;
}
