import type { z } from 'zod';
import { inconsistencies } from './consistency.ts';
import { profileSchema, type Profile } from './schema.ts';

/** A mistake in a profile: where, and the end of a sentence that begins with the member. */
export interface Mistake {
  path: readonly PropertyKey[];
  problem: string;
}

/** Every mistake of a profile at once: of each member, and of the readable members with each other. */
export function parseProfile(given: unknown): { profile: Profile } | { mistakes: Mistake[] } {
  const { data, error } = profileSchema.safeParse(given);
  const issues = error?.issues ?? [];
  const mistakes = issues.flatMap(mistakesOf);
  const isObject = issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
  if (isObject) {
    const unreadable = new Set(issues.map(({ path }) => String(path[0])));
    mistakes.push(...inconsistencies(data ?? readableMembers(given as object), unreadable));
  }
  return data === undefined || mistakes.length > 0 ? { mistakes } : { profile: data };
}

function readableMembers(given: object): Partial<Profile> {
  const members = Object.entries(profileSchema.shape);
  return Object.fromEntries(members.map(([name, schema]) => [name, schema.safeParse(Reflect.get(given, name)).data]));
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...path, key], problem: message }));
  return [{ path, problem: issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? message) : message }];
}
