import type { ProcessResult } from '../contract/request.ts';
import { cancelOutcome, type CancelOutcome } from '../profile/cancel-outcome.ts';
import type { Reply } from '../profile/place.ts';
import { readReply, type ReadFacts, type Reading, type ReadStep } from '../profile/read-reply.ts';
import { readLookup } from '../profile/read-lookup.ts';
import { readResult } from '../profile/read-result.ts';
import type { Profile } from '../profile/schema.ts';
import type { ReplyMeaning } from './call.ts';
import type { HttpReply } from './transport.ts';

/** The provider took the work: with a result, with its handle for it, or with both. */
export interface ProcessReply {
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Milliseconds, from Retry-After. */
  retryAfterMs: number | null;
}

export interface StatusReply {
  providerRequestId: string;
  /** The provider's own word, at most 64 characters. */
  status: string;
  phase: 'waiting' | 'completed' | 'failed' | 'unknown';
  /** Null also while the work is completed and its result is not there yet. */
  result: ProcessResult | null;
  error: string | null;
  /** ISO 8601, UTC; null when the provider gave none that could be read. */
  createdAt: string | null;
  completedAt: string | null;
  retryAfterMs: number | null;
}

/** What stands in a reply, or what it is instead. */
type Read = Reading | Exclude<ReplyMeaning<never>, { value: never }>;

function read(profile: Profile, step: ReadStep, reply: HttpReply, facts: ReadFacts): Read {
  return understood(readReply(profile, step, asRead(reply), facts));
}

/** What is decided alike for every reply that a profile reads. */
function understood(reading: Reading): Read {
  const { phase, word, error, why } = reading;
  switch (phase) {
    case 'unclaimed':
      return byStatus(error);
    case 'refused':
      return { failure: 'rateLimited', message: `The provider wants no calls now: ${told(word, error)}`, word };
    case 'unreadable':
      return unreadable(`${why}`);
    default:
      return reading;
  }
}

/** A reply, as profiles look at it. */
function asRead({ statusCode: status, headers, body }: HttpReply): Reply {
  return { status, headers, body };
}

/** The status decides. */
function byStatus(detail: string | null): Exclude<ReplyMeaning<never>, { value: never }> {
  return { error: { code: null, detail } };
}

function unreadable(why: string): Exclude<ReplyMeaning<never>, { value: never }> {
  return { failure: 'unreadableReply', message: `Unreadable reply: ${why}` };
}

export function processReply(
  profile: Profile,
  reply: HttpReply,
  retryAfterMs: number | null,
  facts: ReadFacts,
): ReplyMeaning<ProcessReply> {
  const reading = read(profile, 'submit', reply, facts);
  if (!('phase' in reading)) return reading;
  const { phase, handle, result, word } = reading;
  if (phase === 'failed' || phase === 'cancelled') return reportedFailure(reading);
  if (handle === null && result === null) {
    return unreadable('it has no handle of the work');
  }
  return { value: { providerRequestId: handle, result, retryAfterMs }, word };
}

/** Of completed work with `fetch` the result is one more GET. */
export type FoundStatus = { status: StatusReply; fetch: Reading['fetch'] };

export function statusReply(
  profile: Profile,
  reply: HttpReply,
  retryAfterMs: number | null,
  facts: ReadFacts & { handle: string },
): ReplyMeaning<FoundStatus> {
  const reading = read(profile, 'poll', reply, facts);
  if (!('phase' in reading)) return reading;
  const { phase, word, result, error, createdAt, completedAt, fetch } = reading;
  const isOver = phase === 'failed' || phase === 'cancelled';
  // `success: false` is no word for a person.
  if (isOver && (word === null || word === 'false')) return reportedFailure(reading);
  const status: StatusReply = {
    providerRequestId: facts.handle,
    status: word ?? `HTTP ${reply.statusCode}`,
    phase: isOver ? 'failed' : phase === 'waiting' || phase === 'completed' ? phase : 'unknown',
    result,
    error,
    createdAt,
    completedAt,
    retryAfterMs,
  };
  return { value: { status, fetch }, word };
}

/** Of the result, what the provider itself answers to work that failed. */
const ABOUT_THE_WORK = [400, 422];

/** What whoever keeps a result for the provider says of us, and not of the link. */
const NOT_OF_THE_LINK = [408, 421, 425, 429];

/**
 * Null: it is being made.
 * @param isElsewhere whether the result is not at the provider's own origin
 */
export function resultReply(
  profile: Profile,
  reply: HttpReply,
  facts: ReadFacts,
  isElsewhere: boolean,
): ReplyMeaning<ProcessResult | null> {
  const { statusCode } = reply;
  const reading = readResult(profile, asRead(reply), facts);
  switch (reading.phase) {
    case 'completed':
      return { value: reading.result };
    case 'waiting':
      return { value: null };
    case 'unclaimed': {
      const { error } = reading;
      if (isElsewhere && isOfTheLink(statusCode)) return linkExpired(statusCode, error);
      const isVerdict = !isElsewhere && ABOUT_THE_WORK.includes(statusCode);
      return isVerdict ? reportedFailure({ error, handle: facts.handle }) : byStatus(error);
    }
    case 'unreadable':
      return unreadable(reading.why);
  }
}

function isOfTheLink(statusCode: number): boolean {
  return statusCode >= 400 && statusCode < 500 && !NOT_OF_THE_LINK.includes(statusCode);
}

function linkExpired(statusCode: number, error: string | null): ReplyMeaning<never> {
  const message = `The link to the result is not accepted, or not any more (status: ${statusCode})`;
  return { failure: 'linkExpired', message: error === null ? message : `${message}: ${error}` };
}

export function cancelReply(profile: Profile, reply: HttpReply, facts: ReadFacts): ReplyMeaning<CancelOutcome> {
  const reading = readReply(profile, 'cancel', asRead(reply), facts);
  const outcome = cancelOutcome(reading, reply.statusCode);
  if (outcome !== null) return { value: outcome, word: reading.word };
  const failed = understood(reading);
  return 'phase' in failed ? byStatus(failed.error) : failed;
}

/** Works with our reference, and whether the list was empty: others in it show that it was no list of ours. */
export interface Listed {
  handles: readonly string[];
  isEmpty: boolean;
}

export function lookupReply(
  profile: Profile,
  reply: HttpReply,
  facts: Omit<ReadFacts, 'handle'>,
): ReplyMeaning<Listed> {
  const reading = readLookup(profile, asRead(reply), facts);
  switch (reading.phase) {
    case 'found':
      return { value: { handles: reading.handles, isEmpty: false } };
    case 'none':
      return { value: { handles: [], isEmpty: reading.isEmpty } };
    case 'unclaimed':
      return byStatus(reading.error);
    case 'unreadable':
      return unreadable(reading.why);
  }
}

function reportedFailure({
  error,
  handle,
  word = null,
}: Pick<Reading, 'error' | 'handle'> & Partial<Pick<Reading, 'word'>>): ReplyMeaning<never> {
  const message = `The provider reported a failure${error === null ? '' : `: ${error}`}`;
  return { failure: 'reportedFailure', message, providerRequestId: handle, word };
}

function told(word: string | null, error: string | null): string {
  const said = [word, error].filter((one) => one !== null);
  return said.length === 0 ? 'it does not say why' : said.join(', ');
}
