import { validateHeaderName, validateHeaderValue } from 'node:http';

/** Input that cannot be used. The message says where it is wrong, what was expected and what came. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
}

export interface Check {
  /** Completes "expected …". */
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
  readonly optional?: true;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const integer = (min: number, max: number): Check => ({
  expects: `an integer from ${min} to ${max}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
});

export const number = (min: number, max: number): Check => ({
  expects: `a number from ${min} to ${max}`,
  accepts: (value) => typeof value === 'number' && value >= min && value <= max,
});

export const oneOf = (...values: readonly unknown[]): Check => ({
  expects: values.map((value) => JSON.stringify(value)).join(' or '),
  accepts: (value) => values.includes(value),
});

/** Node's timers take no more; a longer delay would fire at once. */
export const milliseconds = integer(0, 2 ** 31 - 1);

export const text: Check = { expects: 'a string', accepts: (value) => typeof value === 'string' };
export const flag: Check = { expects: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const object: Check = { expects: 'an object', accepts: isObject };
export const anything: Check = { expects: 'anything', accepts: () => true };

export const headerValue: Check = {
  expects: 'a string that HTTP allows as a header value',
  accepts: (value) => typeof value === 'string' && isHeader('x', value),
};

export const headers: Check = {
  expects: 'an object of HTTP header names and string values',
  accepts: (value) =>
    isObject(value) && Object.entries(value).every(([name, item]) => typeof item === 'string' && isHeader(name, item)),
};

export const optional = (check: Check): Check => ({ ...check, optional: true });

/**
 * Checks that `value` is an object with the members of `checks` and no others.
 * @throws {InvalidInput} naming the first member that is wrong, as `path.member`.
 */
export function checkMembers(value: unknown, checks: Readonly<Record<string, Check>>, path: string): void {
  if (!isObject(value)) throw new InvalidInput(`${path}: expected an object, got ${shown(value)}`);
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(checks, name)) continue;
    throw new InvalidInput(`${path}.${name}: unknown; expected ${Object.keys(checks).join(', ') || 'no member'}`);
  }
  for (const [name, check] of Object.entries(checks)) {
    const member = value[name];
    if (member === undefined ? check.optional : check.accepts(member)) continue;
    throw new InvalidInput(`${path}.${name}: expected ${check.expects}, got ${shown(member)}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
