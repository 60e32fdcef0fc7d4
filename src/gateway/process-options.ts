import { randomUUID } from 'node:crypto';
import type { ProcessOptions } from '../client/client-options.ts';
import type { ProcessInput } from '../contract/request.ts';
import type { ProcessBody } from './process-schemas.ts';

/** What the client is asked for, out of a post. */

export function toInput({ data, options }: Pick<ProcessBody, 'data' | 'options'>): ProcessInput {
  return {
    data,
    options: {
      async: options?.async ?? false,
      ...(typeof options?.callback_url === 'string' && { callbackUrl: options.callback_url }),
    },
  };
}

/** How a request is to be done, as its body has it. */
export function processOptions(options: ProcessBody['options'], key: Key): Omit<ProcessOptions, 'schema'> {
  const { priority, deadline, unknown_hold: unknownHold, kind, idempotency } = options ?? {};
  const ms = (seconds: number): number => Math.round(1000 * seconds);
  return {
    ...(typeof priority === 'string' && { priority }),
    ...(typeof deadline === 'number' && { deadline: ms(deadline) }),
    ...(typeof unknownHold === 'number' && { unknownHold: ms(unknownHold) }),
    ...(typeof kind === 'string' && { kind }),
    ...(typeof idempotency === 'string' && { idempotency }),
    ...(options?.coalesce === true && { coalesce: true }),
    ...(key.idempotencyKey !== null && { idempotencyKey: key.idempotencyKey }),
    // Our key means nothing to the cache: only with a key of its own did the caller mean it twice.
    ...(!key.isCallers && { cache: 'read' }),
  };
}

/** What makes a post the same request, however often it is sent. */
export interface Key {
  /** Null: an equal request that runs is joined, and no key says what is the same. */
  idempotencyKey: string | null;
  isCallers: boolean;
}

/** The caller's key, or one of ours, so that a start that nobody answers can be asked for again. */
export function keyOf(given: string | undefined, options: ProcessBody['options']): Key {
  if (given !== undefined) return { idempotencyKey: given, isCallers: true };
  return { idempotencyKey: options?.coalesce === true ? null : randomUUID(), isCallers: false };
}

/** No EXTERNAL_API_CACHE_TTL is longer. */
const LONGEST_KEPT_S = 7 * 24 * 3_600;

/** RFC 9111, section 5.2.1: what a request may say of the cache, as far as it concerns this one. */
export function cacheOptions(header: string): Pick<ProcessOptions, 'cache' | 'cacheMaxAge'> {
  const directives = header.split(',').map((directive) => directive.trim().toLowerCase());
  if (directives.includes('no-store')) return { cache: 'off' };
  if (directives.includes('no-cache')) return { cache: 'refresh' };
  const maxAge = directives
    .map((directive) => /^max-age=(\d{1,9})$/.exec(directive)?.[1])
    .find((age) => age !== undefined);
  if (maxAge === undefined) return {};
  const seconds = Math.min(Number(maxAge), LONGEST_KEPT_S);
  return seconds === 0 ? { cache: 'refresh' } : { cache: 'read', cacheMaxAge: seconds * 1000 };
}
