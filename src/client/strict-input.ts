import { z } from 'zod';
import { InvalidRequestError } from './client-errors.ts';
import { nearest } from '../contract/nearest.ts';
import type { StandardSchema } from './standard-schema.ts';

/** An object of these members only: a misspelt one would be dropped in silence, and what it asks for with it. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    // A line for each key, as invalidRequest reads them.
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => notKnown(key, known)).join('\n') : undefined,
  });
}

function notKnown(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `is not known; ${meant === null ? 'there' : `did you mean ${meant}? There`} are: ${known.join(', ')}`;
}

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { message: `must be one of: ${words.join(', ')}` });
}

/** What the client hands on, or reads itself. */
export const anything = z.unknown().optional();

export const abortSignal = z
  .custom<AbortSignal>((signal) => typeof (signal as Partial<AbortSignal> | null)?.addEventListener === 'function', {
    message: 'must be an AbortSignal',
  })
  .optional();

export const standardSchema = z
  .custom(
    (schema) => typeof (schema as Partial<StandardSchema<unknown>> | null)?.['~standard']?.validate === 'function',
    {
      message: 'must implement https://standardschema.dev, as the schemas of zod 4 do',
    },
  )
  .optional();

type Issue = z.core.$ZodIssue;

/** The error that names every problem that a schema found, each unknown member by its own path. */
export function invalidRequest(issues: readonly Issue[], what?: string): InvalidRequestError {
  const problems = issues.flatMap((issue) => {
    const { path, message } = issue;
    if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message }];
    const messages = message.split('\n');
    return issue.keys.map((key, n) => ({ path: [...path, key].join('.'), message: messages[n] ?? message }));
  });
  return new InvalidRequestError(problems, what);
}

/** @throws InvalidRequestError naming every problem */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, what?: string): z.output<Schema> {
  const checked = schema.safeParse(value);
  if (!checked.success) throw invalidRequest(checked.error.issues, what);
  return checked.data;
}
