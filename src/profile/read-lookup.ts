import { at, parsed, textOf, valueAt, type ParsedReply, type Reply } from './place.ts';
import { errorIn, handleIn, type ReadFacts } from './read-reply.ts';
import { referenceOf } from './request-uuid.ts';
import type { Profile } from './schema.ts';
import { carriesReference, REFERENCES, usesOf } from './sources.ts';

/** What the provider has under our reference. */
export type LookupReading =
  /** Each once. More than one is a person's matter. */
  | { phase: 'found'; handles: readonly string[] }
  /** `isEmpty`: the list has nothing at all. A list of others proves nothing: a filter may be ignored, a page be missing. */
  | { phase: 'none'; isEmpty: boolean }
  | { phase: 'unreadable'; why: string }
  | { phase: 'unclaimed'; error: string | null };

/** Reads any reply to a lookup. The reference is compared here: a filter that is ignored would hand us the work of others. */
export function readLookup(profile: Profile, given: Reply, facts: Omit<ReadFacts, 'handle'>): LookupReading {
  const { lookup } = profile;
  if (lookup === undefined) throw new TypeError(`The profile ${profile.name} has no lookup`);
  const reply = parsed(given);
  if (reply.status >= 300) {
    const error = errorIn(profile, 'lookup', reply, facts.clean);
    // A 404 without a word is a proxy's.
    const isAbsent = reply.status === 404 && lookup.items === undefined && error !== null;
    return isAbsent ? { phase: 'none', isEmpty: true } : { phase: 'unclaimed', error };
  }
  if (reply.json === undefined) return { phase: 'unreadable', why: 'it is no JSON' };
  const items = lookup.items === undefined ? [reply.json] : valueAt(lookup.items, reply.json);
  if (!Array.isArray(items)) return { phase: 'unreadable', why: `no list stands at ${lookup.items}` };
  const references = referencesOf(profile, facts.requestId);
  const ours = items
    .map((json): ParsedReply => ({ ...reply, json }))
    .filter((item) => references.includes(textOf(at(lookup.match, item)) ?? ''));
  // A list that nobody asked for ours may be of other work: of what is running, or of today.
  const asksForOurs = carriesReference({ lookup }, 'lookup');
  if (ours.length === 0) return { phase: 'none', isEmpty: items.length === 0 && asksForOurs };
  const where = { id: lookup.id, location: lookup.id };
  const handles = ours.map((item) => {
    const found = handleIn(profile, where, item, facts.baseUrl);
    return 'problem' in found ? null : found.handle;
  });
  const usable = handles.filter((handle) => handle !== null);
  if (usable.length < handles.length)
    return { phase: 'unreadable', why: `nothing at ${lookup.id} of ours can be asked for` };
  return { phase: 'found', handles: [...new Set(usable)] };
}

/** What the submit carried. */
function referencesOf(profile: Profile, requestId: string): string[] {
  const sources = usesOf(profile, 'submit').map(({ source }) => source);
  return REFERENCES.filter((name) => sources.includes(name)).map((name) => referenceOf(name, requestId));
}
