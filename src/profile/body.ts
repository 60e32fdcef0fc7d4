import { CannotBuildError } from './cannot-build-error.ts';
import { isIndex, stepsOf } from './place.ts';

type Container = unknown[] | Record<string, unknown>;

/**
 * `root` with `value` at a pointer. Objects on the way are made; what stands there is never replaced by one.
 *
 * @param root is changed
 * @throws CannotBuildError when something on the way is no object
 */
export function setAt(root: unknown, pointer: string, value: unknown): unknown {
  const steps = stepsOf(pointer);
  const last = steps.at(-1);
  if (last === undefined) return value;
  const whole = root ?? {};
  let within = container(whole, pointer);
  for (const step of steps.slice(0, -1)) {
    const next = own(within, step);
    if (next === undefined || next === null) define(within, step, {}, pointer);
    within = container(own(within, step), pointer);
  }
  define(within, last, value, pointer);
  return whole;
}

/**
 * Takes away what stands at a pointer, if anything does.
 *
 * @param root is changed
 */
export function dropAt(root: unknown, pointer: string): void {
  const steps = stepsOf(pointer);
  const last = steps.at(-1) ?? '';
  const within = steps
    .slice(0, -1)
    .reduce<unknown>((value, step) => (isContainer(value) ? own(value, step) : undefined), root);
  if (!isContainer(within) || own(within, last) === undefined) return;
  if (Array.isArray(within)) within.splice(Number(last), 1);
  else delete within[last];
}

function container(value: unknown, pointer: string): Container {
  if (isContainer(value)) return value;
  throw new CannotBuildError(`the data has no object where ${pointer} is to be put`);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function own(within: Container, step: string): unknown {
  if (Array.isArray(within)) return isIndex(step) ? within[Number(step)] : undefined;
  return Object.hasOwn(within, step) ? within[step] : undefined;
}

function define(within: Container, step: string, value: unknown, pointer: string): void {
  if (Array.isArray(within) && !(isIndex(step) && Number(step) <= within.length)) {
    throw new CannotBuildError(`the data has a list where ${pointer} is to be put`);
  }
  if (step !== '__proto__') (within as Record<string, unknown>)[step] = value;
  // An assignment would be none.
  else Object.defineProperty(within, step, { value, enumerable: true, configurable: true, writable: true });
}
