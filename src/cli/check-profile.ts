import type { JsonValue } from '../contract/request.ts';
import { buildCall, type CallFacts, type CredentialHeader } from '../profile/build-call.ts';
import { setAt } from '../profile/body.ts';
import { byLocation } from '../profile/consistency.ts';
import { pathPrefix } from '../profile/origins.ts';
import { valueAt } from '../profile/place.ts';
import type { Profile } from '../profile/schema.ts';
import { STEPS, usesOf } from '../profile/sources.ts';
import { tokenUrlOf } from '../profile/token-url.ts';

/** A call as it would be sent, with the names of secrets in their places. */
export interface ShownCall {
  step: string;
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}

/** Where a profile has no base URL, and nobody says one. */
export const SAMPLE_BASE_URL = 'https://base-url.example';
export const SAMPLE_REQUEST_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const SAMPLE_CALLBACK_URL = 'https://your-gateway.example/callbacks/token';

/** Every call of a profile for one sample input. */
export function callsOf(profile: Profile, baseUrl: URL, data: JsonValue): ShownCall[] {
  const facts: CallFacts = {
    baseUrl,
    authorize: namesOfCredentials(profile),
    requestId: SAMPLE_REQUEST_ID,
    data,
    async: true,
    // Whose callbacks are not understood is told of none.
    callbackUrl: profile.callback === undefined ? null : SAMPLE_CALLBACK_URL,
    handle: byLocation(profile.poll) ? `${pathPrefix(baseUrl)}/sample-location` : 'sample-id',
    fetch: sampleFetch(profile, baseUrl),
  };
  const steps = STEPS.filter((step) => profile[step] !== undefined).map((step): ShownCall => {
    const { method, url, headers, body } = buildCall(profile, step, facts);
    return { step, method, url: url.href, headers: Object.fromEntries(headers), body };
  });
  return [...tokenCall(profile, baseUrl), ...steps];
}

/** Data with all that the profile takes out of it. */
export function sampleData(profile: Profile): JsonValue {
  const sources = usesOf(profile, 'submit').map(({ source }) => source);
  const start: unknown = sources.includes('data') ? { your: 'data' } : {};
  const pointers = sources
    .filter((source) => source.startsWith('data#'))
    .map((source) => source.slice('data#'.length))
    // What holds another comes after it, and is there already.
    .toSorted((one, other) => other.length - one.length);
  const sample = (data: unknown, pointer: string): unknown =>
    valueAt(pointer, data) === undefined ? setAt(data, pointer, `sample-${pointer.split('/').at(-1)}`) : data;
  return pointers.reduce(sample, start) as JsonValue;
}

/** What stands for each secret: the name of its variable. */
export function namesOfCredentials({ credentials }: Profile): (header: CredentialHeader) => string {
  const nameOf = (credential: string): string =>
    `<${Object.hasOwn(credentials, credential) ? credentials[credential] : credential}>`;
  return (header) => {
    if ('basic' in header) return `Basic ${header.basic.map(nameOf).join(':')}`;
    return [...(header.scheme === undefined ? [] : [header.scheme]), nameOf(header.credential)].join(' ');
  };
}

function sampleFetch({ result }: Profile, baseUrl: URL): Record<string, string> {
  const names = Object.keys(result?.vars ?? {});
  const [origin = baseUrl.origin] = result?.origins ?? [];
  return Object.fromEntries(
    names.map((name) => [name, name === 'url' ? `${origin.replace('*', 'sample')}/sample-result` : `sample-${name}`]),
  );
}

function tokenCall(profile: Profile, baseUrl: URL): ShownCall[] {
  const { oauth2, credentials } = profile;
  const url = tokenUrlOf(profile, baseUrl);
  if (oauth2 === undefined || url === null) return [];
  const [id, secret] = [`<${credentials[oauth2.clientId]}>`, `<${credentials[oauth2.clientSecret]}>`];
  const isBasic = oauth2.clientAuth === 'basic';
  const form = {
    grant_type: 'client_credentials',
    ...(isBasic ? {} : { client_id: id, client_secret: secret }),
    ...oauth2.params,
  };
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(isBasic && { authorization: `Basic ${id}:${secret}` }),
  };
  const body = Object.entries(form)
    .map((pair) => pair.join('='))
    .join('&');
  return [{ step: 'token', method: 'POST', url: url.href, headers, body }];
}
