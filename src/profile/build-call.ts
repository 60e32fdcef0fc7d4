import type { JsonValue } from '../contract/request.ts';
import { dropAt, setAt } from './body.ts';
import { CannotBuildError } from './cannot-build-error.ts';
import { byLocation, givenName } from './consistency.ts';
import { ownPath, pathPrefix, resultTarget } from './origins.ts';
import { stepsOf, textOf, valueAt } from './place.ts';
import { requestUuid } from './request-uuid.ts';
import type { HeaderValue, Profile } from './schema.ts';
import { isWholeBody, UNDECLARED, type Step } from './sources.ts';
import { expand, wholeUrlOf } from './template.ts';
import { isFrom, splitCall } from './member-schemas.ts';

/** A header whose value is secret, as the profile has it. */
export type CredentialHeader = Extract<HeaderValue, { credential: string } | { basic: unknown }>;

export interface CallFacts {
  /** The configured one. */
  baseUrl: URL;
  /** The value of a header with credentials: the only way in which a secret comes into a call. */
  authorize: (header: CredentialHeader) => string;
  /** Our reference: what is sent as the key, and looked for. */
  requestId: string;
  /** Of a submit. */
  data?: JsonValue;
  async?: boolean;
  callbackUrl?: string | null;
  /** The provider's id of the work, or its path, as a reading gave it. Of every step after the submit but `lookup`. */
  handle?: string;
  /** Of `result`: what the reading of the poll said to fetch. */
  fetch?: Readonly<Record<string, string>>;
}

export interface BuiltCall {
  method: string;
  /** As the profile has it, for the log: no value is in it. */
  template: string;
  url: URL;
  /** Lower-case names, each once. */
  headers: readonly (readonly [name: string, value: string])[];
  body: string | null;
  /** False: a result at one of `result.origins`, which gets none; nor does it count as a call to the provider. */
  credentials: boolean;
}

/** Sources of values that never leave their place, by name. */
type Known = (source: string) => unknown;

/**
 * What goes out for a step. Pure: no secret but by `authorize`.
 *
 * @throws CannotBuildError when the data, the handle or a URL does not fit; then nothing may be sent
 */
export function buildCall(profile: Profile, step: Step, facts: CallFacts): BuiltCall {
  const request = profile[step];
  if (request === undefined) throw new TypeError(`The profile ${profile.name} has no ${step}`);
  const { method, template } = splitCall(request.call);
  const known = knownOf(profile, step, facts);
  const { url, credentials } = targetOf(profile, step, template, known, facts);
  const body = bodyOf(profile, step, known);
  const given = 'headers' in request ? request.headers : undefined;
  const headers = new Map<string, string>();
  if (credentials) addHeaders(headers, profile.headers, known, facts);
  if (!headers.has('accept'))
    headers.set('accept', step === 'result' && profile.result?.as === 'text' ? '*/*' : 'application/json');
  if (body !== null && !headers.has('content-type')) headers.set('content-type', 'application/json');
  addHeaders(headers, given ?? {}, known, facts);
  if (body === null) headers.delete('content-type');
  return { method, template, url, headers: [...headers], body, credentials };
}

function knownOf(profile: Profile, step: Step, facts: CallFacts): Known {
  const { requestId, handle } = facts;
  const isLocation = byLocation(profile.poll);
  const values: Record<string, unknown> = {
    requestId,
    ...(step === 'submit'
      ? { data: facts.data, async: facts.async, callbackUrl: facts.callbackUrl }
      : { [isLocation ? 'location' : 'id']: handle }),
  };
  const name = step === 'submit' ? null : givenName(profile);
  return (source) => {
    // Work that was adopted has the name that another request gave it.
    if (source === name && handle !== undefined) return handle;
    // A hash, which few profiles want.
    if (source === 'requestUuid') return requestUuid(requestId);
    return source.startsWith('data#') ? valueAt(source.slice('data#'.length), values['data']) : values[source];
  };
}

function targetOf(
  profile: Profile,
  step: Step,
  template: string,
  known: Known,
  { baseUrl, fetch = {}, handle = '' }: CallFacts,
): { url: URL; credentials: boolean } {
  const whole = wholeUrlOf(template);
  if (whole === 'location') {
    const checked = ownPath(profile, baseUrl, handle);
    if ('problem' in checked) throw new CannotBuildError(`the URL of the work ${checked.problem}`);
    return { url: new URL(baseUrl.origin + checked.path), credentials: true };
  }
  if (whole === 'url') {
    const checked = resultTarget(profile, baseUrl, fetch['url'] ?? '');
    if ('problem' in checked) throw new CannotBuildError(`the URL of the result ${checked.problem}`);
    return checked;
  }
  const vars = profile[step]?.vars ?? {};
  const valueOf = (name: string): unknown => {
    const source = Object.hasOwn(vars, name) ? vars[name] : undefined;
    if (source === undefined) return UNDECLARED.includes(name) ? known(name) : undefined;
    return step === 'result' ? fetch[name] : known(source);
  };
  return { url: new URL(baseUrl.origin + pathPrefix(baseUrl) + expand(template, valueOf)), credentials: true };
}

function addHeaders(
  headers: Map<string, string>,
  given: Readonly<Record<string, HeaderValue>>,
  known: Known,
  { authorize }: CallFacts,
): void {
  for (const [name, value] of Object.entries(given)) {
    const text =
      typeof value === 'string' ? value : 'from' in value ? headerText(name, known(value.from)) : authorize(value);
    if (text !== null) headers.set(name.toLowerCase(), text);
  }
}

function headerText(name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = textOf(value);
  if (text !== null && /^[\x20-\x7e]*$/.test(text)) return text;
  throw new CannotBuildError(`the header ${name} must be a text of visible ASCII characters, a number or a boolean`);
}

function bodyOf(profile: Profile, step: Step, known: Known): string | null {
  if (isWholeBody(profile, step)) return JSON.stringify(known('data'));
  const request = profile[step];
  let body: unknown;
  for (const { pointer, value, isChanged } of partsOf(request !== undefined && 'body' in request ? request.body : {})) {
    const one = isFrom(value) ? known(value.from) : value;
    if (one !== undefined && one !== null) body = setAt(body, pointer, isChanged ? structuredClone(one) : one);
    else if (!isFrom(value)) body = setAt(body, pointer, one);
    // What the profile sets is the profile's, also when there is nothing to set.
    else if (pointer !== '') dropAt(body, pointer);
  }
  return body === undefined ? null : JSON.stringify(body);
}

interface BodyPart {
  pointer: string;
  value: unknown;
  /** Something is put into it: the caller's data itself is not changed by that. */
  isChanged: boolean;
}

const parts = new WeakMap<object, readonly BodyPart[]>();

/** The whole first, and then what stands in it, however they are written down: else data would replace what was set. */
function partsOf(body: Readonly<Record<string, unknown>> = {}): readonly BodyPart[] {
  const known = parts.get(body);
  if (known !== undefined) return known;
  const pointers = Object.keys(body);
  const sorted = Object.entries(body)
    .toSorted(([a], [b]) => stepsOf(a).length - stepsOf(b).length)
    .map(([pointer, value]) => ({
      pointer,
      value,
      isChanged: pointers.some((other) => other.startsWith(`${pointer}/`)),
    }));
  parts.set(body, sorted);
  return sorted;
}
