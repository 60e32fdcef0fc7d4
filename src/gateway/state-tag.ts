import { createHash } from 'node:crypto';
import { changeOf } from '../client/watch-request.ts';
import type { RequestSnapshot } from '../contract/request.ts';

/**
 * The entity tag of a request as it is (RFC 9110, section 8.8.3). A weak one: what it waits for moves with every poll, and
 * is no change.
 */
export function stateTag(snapshot: RequestSnapshot): string {
  const { cancelRequested, retriedBy } = snapshot;
  const state = JSON.stringify([changeOf(snapshot), cancelRequested, retriedBy]);
  return `W/"${createHash('sha256').update(state).digest('base64url').slice(0, 22)}"`;
}

/** Whether `If-None-Match` names it (RFC 9110, section 13.1.2). */
export function isNamedIn(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (one: string): string => one.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || opaque(one) === opaque(tag));
}
