import { expect, test, vi } from 'vitest';
import * as one from '../../src/client/index.ts';
import { ERROR_CODES } from '../../src/contract/values.ts';

vi.resetModules();
const other = await import('../../src/client/index.ts');

type ErrorClass = typeof one.DurableRequestError & { readonly code?: string };

function classesIn(copy: object): Map<string, ErrorClass> {
  const classes = Object.entries(copy).filter(([, value]) => value === Object(value) && 'captureStackTrace' in value);
  return new Map(classes as [string, ErrorClass][]);
}

const [classes, others] = [classesIn(one), classesIn(other)];
const errors = [...classes.values()]
  .filter((Class) => Class !== one.DurableRequestError)
  .map((Class) => Reflect.construct(Class, [[], '', []]) as one.DurableRequestError);

/** The names of those classes that it is of. */
function namesOf(error: unknown, among: ReadonlyMap<string, ErrorClass>): string[] {
  return [...among].filter(([, Class]) => error instanceof Class).map(([name]) => name);
}

test('[C4] there are two copies of every class, and one error for each code', () => {
  expect([...classes.keys()]).toEqual([...others.keys()]);
  for (const [name, Class] of classes) expect(others.get(name)).not.toBe(Class);
  expect(errors.map(({ code }) => code).toSorted()).toEqual(ERROR_CODES.toSorted());
  expect(errors.map((error) => (error.constructor as ErrorClass).code)).toEqual(errors.map(({ code }) => code));
});

test.each(errors)('[C4] a $name is of the same classes in every copy of the package', (error) => {
  const names = namesOf(error, classes);
  expect(names).toContain('DurableRequestError');
  expect(names.length).toBeGreaterThan(1);
  expect(namesOf(error, others)).toEqual(names);
});

test.each([
  ['an error of nobody with our code', Object.assign(new Error('x'), { code: 'API_RATE_LIMIT' })],
  ['an object with our code', { code: 'API_RATE_LIMIT' }],
  ['nothing', null],
])('[C4] %s is of none of our classes', (_, value) => {
  expect(namesOf(value, classes)).toEqual([]);
});

test('[C4] a class that a service makes of ours takes only its own', () => {
  class Mine extends one.APIRateLimitError {}
  expect(new Mine('x') instanceof Mine).toBe(true);
  expect(new Mine('x') instanceof other.APIRateLimitError).toBe(true);
  expect(new one.APIRateLimitError('x') instanceof Mine).toBe(false);
  expect(new other.APIRateLimitError('x') instanceof Mine).toBe(false);
});
