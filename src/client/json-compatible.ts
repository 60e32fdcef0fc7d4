import type { JsonValue } from '../contract/request.ts';

/** What may be handed over as data, before it is known more precisely: see {@link JsonCompatible}. */
export type JsonLike = boolean | number | string | object;

/**
 * `T`, where JSON can carry all of it: any interface, type or literal. What it cannot carry becomes `never`, so that the
 * compiler refuses it where it stands: functions, and with them class instances such as `Date` and `Map`, bigints, symbols,
 * and an `undefined` that is no optional member.
 */
export type JsonCompatible<T> = T extends JsonValue
  ? T
  : T extends ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown)
    ? never
    : T extends object
      ? { [Member in keyof T]: Member extends symbol ? never : JsonCompatible<T[Member]> }
      : never;
