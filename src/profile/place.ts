/** What a provider answered, as far as a profile may look at it. */
export interface Reply {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** A reply whose body has been parsed; `json` is undefined when it is no JSON. */
export interface ParsedReply extends Reply {
  json: unknown;
}

export const STATUS_CODE = '$statusCode';
const RESPONSE_HEADER = '$response.header.';

export function parsed(reply: Reply): ParsedReply {
  return { ...reply, json: parseJson(reply.body) };
}

/** Undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands at a place; undefined: nothing. */
export function at(place: string, reply: ParsedReply): unknown {
  if (place === STATUS_CODE) return reply.status;
  if (!place.startsWith(RESPONSE_HEADER)) return valueAt(place, reply.json);
  const value = reply.headers[place.slice(RESPONSE_HEADER.length).toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}

/** Of profiles, which have few. */
const known = new Map<string, readonly string[]>();

/** The members of a JSON Pointer (RFC 6901) of a profile. */
export function stepsOf(pointer: string): readonly string[] {
  const steps = known.get(pointer) ?? split(pointer);
  known.set(pointer, steps);
  return steps;
}

function split(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  if (!pointer.includes('~')) return steps;
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function valueAt(pointer: string, json: unknown): unknown {
  return stepsOf(pointer).reduce(memberOf, json);
}

/** Only what is there itself: no reply reaches a prototype. */
export function memberOf(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return isIndex(step) ? (value as unknown[])[Number(step)] : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string, unknown>)[step];
}

export function isIndex(step: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(step);
}

/** A text, a number or a boolean as text. A number that JSON.parse has rounded is none: it would be another one. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || (Number.isInteger(value) && !Number.isSafeInteger(value))) return null;
  return Number.isFinite(value) ? String(value) : null;
}
