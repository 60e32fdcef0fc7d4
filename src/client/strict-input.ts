import { z } from 'zod';
import { InvalidRequestError } from './client-errors.ts';

/** An object of these members only: a misspelt one would be dropped in silence, and what it asks for with it. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `is not known; there are: ${known}` : undefined),
  });
}

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { message: `must be one of: ${words.join(', ')}` });
}

type Issue = z.core.$ZodIssue;

/** The error that names every problem that a schema found, each unknown member by its own path. */
export function invalidRequest(issues: readonly Issue[]): InvalidRequestError {
  return new InvalidRequestError(
    issues.flatMap((issue) => {
      const members = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return members.map((path) => ({ path: path.join('.'), message: issue.message }));
    }),
  );
}
