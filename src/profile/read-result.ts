import type { ProcessResult } from '../contract/request.ts';
import { parsed, type Reply } from './place.ts';
import { errorIn, type ReadFacts } from './read-reply.ts';
import { resultOf } from './result.ts';
import type { Profile } from './schema.ts';

export type ResultReading =
  | { phase: 'completed'; result: ProcessResult }
  /** 202: it is being made. */
  | { phase: 'waiting' }
  | { phase: 'unreadable'; why: string }
  | { phase: 'unclaimed'; error: string | null };

/** Reads any reply to the GET of a result. */
export function readResult(profile: Profile, given: Reply, { clean }: Pick<ReadFacts, 'clean'>): ResultReading {
  const reply = parsed(given);
  if (reply.status >= 300) return { phase: 'unclaimed', error: errorIn(profile, 'result', reply, clean) };
  if (reply.status === 202) return { phase: 'waiting' };
  if (profile.result?.as === 'text')
    return { phase: 'completed', result: resultOf(given.body, { ...reply, json: undefined }, '') };
  if (reply.json === undefined) return { phase: 'unreadable', why: 'the result is no JSON' };
  return { phase: 'completed', result: resultOf(reply.json, reply, '') };
}
