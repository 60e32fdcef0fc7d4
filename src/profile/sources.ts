import type { HeaderValue, Profile } from './schema.ts';
import { namesIn } from './template.ts';
import { FACTS, isFrom, splitCall } from './member-schemas.ts';

export const STEPS = ['submit', 'poll', 'cancel', 'lookup', 'result'] as const;
export type Step = (typeof STEPS)[number];

/** What a path may name without `vars`. The whole data never stands in a URL. */
export const UNDECLARED: readonly string[] = FACTS.filter((fact) => fact !== 'data' && fact !== 'location');

/** What is known when a step is made: after the submit, only ids. `result` has besides what the reply to the poll said. */
export const KNOWN: Readonly<Record<Step, readonly string[]>> = {
  submit: ['data', 'async', 'callbackUrl', 'requestId', 'requestUuid'],
  poll: ['requestId', 'requestUuid', 'id', 'location'],
  cancel: ['requestId', 'requestUuid', 'id', 'location'],
  lookup: ['requestId', 'requestUuid'],
  result: ['requestId', 'requestUuid', 'id'],
};

export const REFERENCES = ['requestId', 'requestUuid'] as const;
export type Reference = (typeof REFERENCES)[number];

function isReference(source: string): boolean {
  return REFERENCES.some((reference) => reference === source);
}

/** Whether a call has our reference in it, anywhere. */
export function carriesReference(profile: Partial<Profile>, step: Step): boolean {
  return usesOf(profile, step).some(({ source }) => isReference(source));
}

/** A fact that a call is made of, and the member of the profile that says so. */
export interface Use {
  source: string;
  path: string[];
}

/** All that a call takes from our side. What `result` takes from the reply to the poll is not among it. */
export function usesOf(profile: Partial<Profile>, step: Step): Use[] {
  const request: Request | undefined = profile[step];
  if (request === undefined) return [];
  const declared = Object.entries(request.vars ?? {});
  const bare = namesIn(splitCall(request.call).template).filter((name) => !Object.hasOwn(request.vars ?? {}, name));
  return [
    ...bare.map((name) => ({ source: name, path: [step, 'call'] })),
    ...(step === 'result' ? [] : declared).map(([name, from]) => ({ source: from, path: [step, 'vars', name] })),
    ...fromIn(profile.headers, ['headers']),
    ...fromIn(request.headers, [step, 'headers']),
    ...fromIn(request.body, [step, 'body']),
    ...(isWholeBody(profile, step) ? [{ source: 'data', path: [step] }] : []),
  ];
}

/** Without `body` the data is the body of a submit. */
export function isWholeBody(profile: Partial<Profile>, step: Step): boolean {
  const { call = '', body } = profile.submit ?? {};
  return step === 'submit' && body === undefined && !call.startsWith('GET ');
}

interface Request {
  call: string;
  vars?: Readonly<Record<string, string>> | undefined;
  headers?: Readonly<Record<string, HeaderValue>> | undefined;
  body?: Readonly<Record<string, unknown>> | undefined;
}

function fromIn(values: Readonly<Record<string, unknown>> | undefined, path: string[]): Use[] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    isFrom(value) ? [{ source: value.from, path: [...path, name] }] : [],
  );
}
