import type { ErrorCode } from './values.ts';

/** The same in every copy of this package. */
const OURS = Symbol.for('durable-external-api.error');

/**
 * The base of every error that the client throws on its own account, so that one `catch` can tell them from bugs. What it
 * throws besides is the `reason` of a caller's own signal.
 *
 * A process may hold several copies of this package, such as that of the client alone and the whole one: `instanceof` takes
 * an error of another copy by the codes of its classes.
 */
export abstract class DurableRequestError extends Error {
  /** For programs: stays as it is, also where a bundler renames the class. Each class has it too. */
  abstract readonly code: ErrorCode;

  /** The name of the class; what the provider's errors say instead, see ExternalAPIError. */
  get type(): string {
    return this.name;
  }

  get [OURS](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // Not so a prototype, which has no code of its own.
    if (typeof value !== 'object' || value === null || !(OURS in value && Object.hasOwn(value, 'code'))) return false;
    return this === DurableRequestError || classesOf(value).some((other) => ownCode(other) === ownCode(this));
  }
}

/** Of a class that has none of its own, which a caller made, a value that nothing equals. */
function ownCode(of: object): unknown {
  return Object.hasOwn(of, 'code') ? Reflect.get(of, 'code') : Symbol('none');
}

function classesOf(error: object): object[] {
  const prototype: unknown = Object.getPrototypeOf(error);
  if (typeof prototype !== 'object' || prototype === null) return [];
  return [prototype.constructor, ...classesOf(prototype)];
}
