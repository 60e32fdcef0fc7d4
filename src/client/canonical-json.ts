import { createHash } from 'node:crypto';
import { inexactNumber } from '../contract/exact-json.ts';
import { MAX_DATA_DEPTH } from '../contract/limits.ts';
import { InvalidRequestError } from './client-errors.ts';

/**
 * JSON with its members sorted by UTF-16 code units and its numbers as JavaScript writes them, both as RFC 8785 has it, so
 * that equal inputs have equal text.
 * @throws InvalidRequestError naming the first member that JSON cannot carry unchanged.
 */
export function canonicalJson(value: unknown, path: string): string {
  return write(value, path, 0);
}

function write(value: unknown, path: string, depth: number): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw problem(path, `is ${value}, which JSON cannot carry`);
    const text = JSON.stringify(value);
    const inexact = Number.isSafeInteger(value) ? null : inexactNumber(text);
    if (inexact !== null) throw problem(path, inexact);
    return text;
  }
  if (typeof value === 'object' && depth === MAX_DATA_DEPTH) throw tooDeep(path);
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => write(item, `${path}[${index}]`, depth + 1)).join()}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${write(member, `${path}.${name}`, depth + 1)}`);
    return `{${members.join()}}`;
  }
  throw problem(path, `is ${described(value)}, which JSON cannot carry: use plain objects, arrays, strings, numbers`);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function described(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${classOf(value)}` : `of type ${typeof value}`;
}

function classOf(value: object): string {
  const { constructor: made } = value as { constructor?: { name?: unknown } };
  return typeof made?.name === 'string' ? made.name : 'class instance';
}

function tooDeep(path: string): InvalidRequestError {
  return problem(path, `is nested deeper than ${MAX_DATA_DEPTH} levels`);
}

function problem(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError([{ path, message }]);
}
