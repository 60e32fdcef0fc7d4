import { parseList, type Item } from 'structured-headers';
import type { RateHint } from '../call-budget/rules.ts';
import type { ReplyHead } from './transport.ts';

type Headers = ReplyHead['headers'];

/** More calls, or a longer time, is a mistake or a unit that we do not know. */
const MOST_CALLS = 1_000_000_000;
const LONGEST_S = 366 * 86_400;

/** So many calls in any `windowS` seconds; null: the provider does not say in how many. */
interface Policy {
  calls: number;
  windowS: number | null;
}

/** Calls left until `resetMs` have passed. */
interface CallsLeft {
  remaining: number;
  resetMs: number;
}

/**
 * What an answer's headers say of the provider's limit; null when that is nothing. They are the fields `RateLimit` and
 * `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers, and `RateLimit-Limit`, `-Remaining`, `-Reset` of its first
 * versions, also with the prefix `X-`: seconds, or seconds since 1970. Of several policies the one with the fewest calls
 * per second counts; one without a window only where none has one. What cannot be read is as if it were not there.
 *
 * @param now milliseconds since 1970
 */
export function readRateHint(headers: Headers, now: number): RateHint | null {
  const policies = policiesOf(headers);
  const policy = policies.toSorted((a, b) => perSecond(a) - perSecond(b) || a.calls - b.calls)[0];
  const left = callsLeft(headers, now)
    .filter(({ resetMs }) => resetMs > 0)
    .toSorted((a, b) => a.remaining - b.remaining || b.resetMs - a.resetMs)[0];
  if (policy === undefined && left === undefined) return null;
  const windowS = policy?.windowS ?? null;
  return {
    limit: policy?.calls ?? null,
    windowMs: windowS === null ? null : windowS * 1000,
    remaining: left?.remaining ?? null,
    resetMs: left?.resetMs ?? null,
  };
}

function perSecond({ calls, windowS }: Policy): number {
  return windowS === null ? Number.MAX_VALUE : calls / windowS;
}

function policiesOf(headers: Headers): Policy[] {
  const named = itemsOf(headers['ratelimit-policy']).flatMap((item) => policyOf(item) ?? []);
  const bare = ['ratelimit-limit', 'x-ratelimit-limit'].flatMap((name) => {
    const calls = quota(numberOf(headers[name]));
    return calls === null ? [] : { calls, windowS: null };
  });
  return [...named, ...bare];
}

/** `"name";q=100;w=60`, or `100;w=60` as in versions 03 to 07 of the draft. */
function policyOf([value, parameters]: Item): Policy | null {
  const calls = quota(typeof value === 'number' ? value : parameters.get('q'));
  if (calls === null || !countsRequests(parameters)) return null;
  if (!parameters.has('w')) return { calls, windowS: null };
  const windowS = integer(parameters.get('w'), 1, LONGEST_S);
  return windowS === null ? null : { calls, windowS };
}

function callsLeft(headers: Headers, now: number): CallsLeft[] {
  const policies = new Map(itemsOf(headers['ratelimit-policy']).map((item) => [`${item[0]}`, item]));
  const named = itemsOf(headers['ratelimit']).flatMap(([name, parameters]) => {
    const policy = policies.get(`${name}`);
    if (policy !== undefined && !countsRequests(policy[1])) return [];
    const remaining = integer(parameters.get('r'), 0, MOST_CALLS);
    // Without a time of its own it holds for its policy's window at most.
    const resetS = integer(parameters.has('t') ? parameters.get('t') : policy?.[1].get('w'), 0, LONGEST_S);
    return remaining === null || resetS === null ? [] : { remaining, resetMs: resetS * 1000 };
  });
  const bare = ['ratelimit', 'x-ratelimit'].flatMap((prefix) => {
    const remaining = integer(numberOf(headers[`${prefix}-remaining`]), 0, MOST_CALLS);
    const resetMs = untilReset(numberOf(headers[`${prefix}-reset`]), now);
    return remaining === null || resetMs === null ? [] : { remaining, resetMs };
  });
  return [...named, ...bare];
}

/** A number too large for a wait is a time. */
function untilReset(seconds: number | null, now: number): number | null {
  const waitS = integer(seconds, 0, LONGEST_S);
  if (waitS !== null) return waitS * 1000;
  const resetMs = (integer(seconds, LONGEST_S, Number.MAX_SAFE_INTEGER) ?? 0) * 1000 - now;
  return resetMs > 0 && resetMs <= LONGEST_S * 1000 ? resetMs : null;
}

/** A policy may also count bytes, or requests at the same time. */
function countsRequests(parameters: Item[1]): boolean {
  return !parameters.has('qu') || parameters.get('qu') === 'requests';
}

/** 0 is no policy that a call could keep: some write it for "no limit". */
function quota(value: unknown): number | null {
  return integer(value, 1, MOST_CALLS);
}

function integer(value: unknown, min: number, max: number): number | null {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : null;
}

function numberOf(field: string | string[] | undefined): number | null {
  return typeof field === 'string' && /^\d{1,15}$/.test(field) ? Number(field) : null;
}

/** The items of a structured field (RFC 9651, section 3.1); none when it is malformed. */
function itemsOf(field: string | string[] | undefined): Item[] {
  if (field === undefined) return [];
  try {
    return parseList([field].flat().join(', ')).filter((member): member is Item => !Array.isArray(member[0]));
  } catch {
    return [];
  }
}
