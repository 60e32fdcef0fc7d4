import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { InvalidRequestError } from '../client/client-errors.ts';

const MAX_PROBLEMS = 50;

/** What the schemas of a route found wrong, named in the caller's words. */
export function toInvalidRequest(errors: FastifySchemaValidationError[], part: string): InvalidRequestError {
  const problems = errors.flatMap(({ instancePath, message, params }) => {
    const path = instancePath.slice(1).replaceAll('/', '.');
    if (part === 'headers') return [{ path: `header ${path}`, message: message ?? 'is not valid' }];
    if (!Array.isArray(params['keys'])) return [{ path, message: message ?? 'is not valid' }];
    return params['keys'].map((key) => ({
      path: path === '' ? shortened(key) : `${path}.${shortened(key)}`,
      message: 'is not a member of this request',
    }));
  });
  return new InvalidRequestError(problems.slice(0, MAX_PROBLEMS));
}

function shortened(key: unknown): string {
  const text = String(key);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
