import { isProviderRequestId } from '../contract/names.ts';
import type { ProcessResult } from '../contract/request.ts';
import { byLocation, givenName } from './consistency.ts';
import { ownPath, resultTarget } from './origins.ts';
import { phaseOf } from './phase.ts';
import { at, parsed, textOf, type ParsedReply, type Reply } from './place.ts';
import { referenceOf } from './request-uuid.ts';
import { inlineResult } from './result.ts';
import type { Phase, Profile, ReadingPlaces } from './schema.ts';
import { timeOf } from './time.ts';

/** What our side knows of the call that was answered. */
export interface ReadFacts {
  /** The configured one. */
  baseUrl: URL;
  requestId: string;
  /** What was asked about; null: nothing yet. */
  handle: string | null;
  /** What may be shown of a text of the provider: one line, bounded, without secrets. */
  clean: (text: string) => string;
}

/**
 * - `waiting`: the provider works on it;
 * - `unknown`: it says a word that the profile does not have: keep waiting, and tell;
 * - `refused`: it did nothing, and wants no calls now, as with a 429;
 * - `unreadable`: it is not about this work, or nothing stands where something was expected: `why` says what and where;
 * - `unclaimed`: no 2xx, and the profile has no word for it: the status decides.
 */
export type ReadingPhase = Phase | 'unknown' | 'unreadable' | 'unclaimed';

export interface Reading {
  phase: ReadingPhase;
  /** The provider's own status word, as it may be shown. */
  word: string | null;
  /** The id of the work, or its path at the provider; of a submit null where there is none: then it is to be looked up. */
  handle: string | null;
  /** Null also while the work is completed and its result is not there yet. */
  result: ProcessResult | null;
  /** Of completed work whose result is one more GET: what that is made of; null while it is not there yet. */
  fetch: Readonly<Record<string, string>> | null;
  /** What the provider says of a failure, as it may be shown. */
  error: string | null;
  /** Of an unreadable reply: what was expected, and where. */
  why: string | null;
  /** ISO 8601, UTC. */
  createdAt: string | null;
  completedAt: string | null;
}

export type ReadStep = 'submit' | 'poll' | 'cancel';

/** Where errors stand, when the profile does not say. */
const ERROR_PLACES = [
  '/error/message',
  '/error/detail',
  '/error',
  '/message',
  '/detail',
  '/title',
  '/errors/0/message',
  '/errors/0',
  '/0/message',
];

const LONGEST_WORD = 64;

/** Reads any reply to a submit, a poll or a cancel. Pure, and throws for none. */
export function readReply(profile: Profile, step: ReadStep, given: Reply, facts: ReadFacts): Reading {
  const reply = parsed(given);
  const places: ReadingPlaces = { ...profile.reply, ...profile[step]?.read };
  const result =
    profile.result === undefined && places.result !== undefined ? inlineResult(places.result, reply) : null;
  const found = phaseOf(places.phase ?? [], reply, result !== null || profile.result !== undefined);
  const reading: Reading = {
    phase: found.phase ?? 'unreadable',
    word: found.word === null ? null : facts.clean(found.word).slice(0, LONGEST_WORD),
    handle: step === 'submit' ? null : facts.handle,
    result: found.phase === 'completed' ? result : null,
    fetch: null,
    // Of work that is well nobody asks for one.
    error: found.phase === 'waiting' || found.phase === 'completed' ? null : errorIn(profile, step, reply, facts.clean),
    why: null,
    createdAt: places.createdAt === undefined ? null : timeOf(at(places.createdAt, reply)),
    completedAt: places.completedAt === undefined ? null : timeOf(at(places.completedAt, reply)),
  };
  if (found.phase === null && reply.status >= 300) return { ...reading, phase: 'unclaimed' };
  if (found.phase === 'refused') return reading;
  const handle = handleIn(profile, places, reply, facts.baseUrl);
  // Any error there is in an answer to a cancel may say that the work was not stopped.
  if (step === 'cancel' && found.phase === 'failed' && found.isByAnything) return { ...reading, phase: 'unknown' };
  const decided =
    step === 'submit'
      ? ofSubmit(profile, reading, handle, found.phase, reply, facts)
      : ofWork(profile, reading, handle, reply);
  const whole = decided.phase === 'completed' ? withFetch(profile, decided, reply, facts) : decided;
  return { ...whole, why: whole.why === null ? null : facts.clean(whole.why) };
}

/** The first text among the places of errors; null: none says why. */
export function errorIn(
  profile: Profile,
  step: ReadStep | 'lookup' | 'result',
  reply: ParsedReply,
  clean: (text: string) => string,
): string | null {
  const own = step === 'lookup' || step === 'result' ? undefined : profile[step]?.read?.error;
  const texts = (own ?? profile.reply.error ?? ERROR_PLACES).map((place) => at(place, reply));
  const text = texts.find((one): one is string => typeof one === 'string' && one.trim() !== '');
  return text === undefined ? null : clean(text) || null;
}

type Handle = { handle: string | null } | { problem: string };

/** What stands where handles are: at the one place an id, at the other a URL. */
export function handleIn(
  profile: Profile,
  { id, location }: Pick<ReadingPlaces, 'id' | 'location'>,
  reply: ParsedReply,
  baseUrl: URL,
): Handle {
  if (!byLocation(profile.poll)) return { handle: id === undefined ? null : idOf(at(id, reply)) };
  const text = location === undefined ? undefined : at(location, reply);
  if (typeof text !== 'string' || text === '') return { handle: null };
  const checked = ownPath(profile, baseUrl, text);
  return 'path' in checked ? { handle: checked.path } : { problem: `the URL at ${location} ${checked.problem}` };
}

/** Null for what cannot be asked for. */
function idOf(value: unknown): string | null {
  const text = typeof value === 'boolean' ? null : textOf(value);
  return text !== null && isProviderRequestId(text) ? text : null;
}

/** The handle of work that is asked about by the name that we gave it; null: by another. */
function nameOf(profile: Profile, requestId: string): string | null {
  const name = givenName(profile);
  if (name === null) return null;
  return referenceOf(name, requestId);
}

function unreadable(reading: Reading, why: string): Reading {
  return { ...reading, phase: 'unreadable', why };
}

function ofSubmit(
  profile: Profile,
  reading: Reading,
  given: Handle,
  phase: Phase | null,
  { json }: ParsedReply,
  { requestId }: ReadFacts,
): Reading {
  const { id, location } = { ...profile.reply, ...profile.submit.read };
  const found = 'problem' in given ? null : (given.handle ?? nameOf(profile, requestId));
  const taken: Reading = { ...reading, handle: found, phase: phase ?? 'waiting' };
  if (phase === 'failed' || phase === 'cancelled' || found !== null || taken.result !== null) return taken;
  if ('problem' in given) return unreadable(reading, given.problem);
  if (profile.lookup !== undefined) return { ...taken, phase: 'waiting' };
  if (json === undefined && !byLocation(profile.poll)) return unreadable(reading, 'it is no JSON');
  const where = byLocation(profile.poll) ? `no URL at ${location}` : `no id at ${id}`;
  return unreadable(reading, `neither a usable result nor a handle of the work: ${where}`);
}

function ofWork(profile: Profile, work: Reading, handle: Handle, { status, json }: ParsedReply): Reading {
  const named = byLocation(profile.poll) || 'problem' in handle ? null : handle.handle;
  if (named !== null && work.handle !== null && named !== work.handle)
    return unreadable(work, 'it is about another id');
  if (work.phase !== 'unreadable') return work;
  if (work.word !== null) return { ...work, phase: 'unknown' };
  // "Accepted", "No Content": nothing to tell yet.
  if (status === 202 || status === 204) return { ...work, phase: 'waiting', word: `HTTP ${status}` };
  const rules = profile.poll.read?.phase ?? profile.reply.phase ?? [];
  const places = rules.map(({ at: place }) => place).join(', ');
  return unreadable(work, json === undefined ? 'it is no JSON' : `nothing stands at ${places}`);
}

/** What the GET of the result is made of. Where one place has nothing, the result is not there yet. */
function withFetch(profile: Profile, reading: Reading, reply: ParsedReply, { baseUrl }: ReadFacts): Reading {
  if (profile.result === undefined) return reading;
  const found = Object.entries(profile.result.vars).map(
    ([name, place]) => [name, textOf(at(place, reply)) ?? ''] as const,
  );
  if (found.some(([, value]) => value === '')) return reading;
  const fetch = Object.fromEntries(found);
  if (profile.result.call === 'GET {+url}') {
    const target = resultTarget(profile, baseUrl, fetch['url'] ?? '');
    if ('problem' in target) return unreadable(reading, `the URL of the result ${target.problem}`);
  }
  return { ...reading, fetch };
}
