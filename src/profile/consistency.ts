import { credentialsIn } from './credentials.ts';
import type { Mistake } from './parse-profile.ts';
import type { HeaderValue, Profile } from './schema.ts';
import {
  carriesReference,
  KNOWN,
  REFERENCES,
  STEPS,
  UNDECLARED,
  usesOf,
  type Reference,
  type Step,
} from './sources.ts';
import { namesIn, wholeUrlOf } from './template.ts';
import { isContentType, JSON_TYPE, splitCall } from './member-schemas.ts';

/** What members of a profile must have to do with each other. One that a check needs and that is not readable skips it. */
interface Check {
  needs: readonly (keyof Profile)[];
  find: (profile: Profile) => readonly Mistake[];
}

const CHECKS: readonly Check[] = [
  {
    needs: ['submit'],
    find: ({ submit }) => {
      const carries = carriesReference({ submit }, 'submit');
      return [
        ...said(
          submit.repeat === 'key' && submit.keyHours === undefined,
          ['submit', 'keyHours'],
          'is required with repeat: key: for how many hours the provider knows a key',
        ),
        ...said(
          submit.repeat === 'key' && !carries,
          ['submit', 'repeat'],
          'is key, but the call carries neither requestId nor requestUuid',
        ),
        ...said(
          submit.keyHours !== undefined && !carries,
          ['submit', 'keyHours'],
          'says how long a key is known, but the call carries neither requestId nor requestUuid',
        ),
      ];
    },
  },
  {
    needs: ['submit', 'lookup'],
    find: ({ submit, lookup }) =>
      said(
        lookup !== undefined && !carriesReference({ submit }, 'submit'),
        ['lookup'],
        'has nothing to look for: the submit carries neither requestId nor requestUuid',
      ),
  },
  {
    needs: ['submit', 'poll', 'reply', 'lookup'],
    find: ({ submit, poll, reply, lookup }) => {
      const { id, location } = { ...reply, ...submit.read };
      if (byLocation(poll))
        return said(
          location === undefined,
          ['poll', 'call'],
          'is {+location}, but no reply.location or submit.read.location says where that stands',
        );
      return said(
        id === undefined && lookup === undefined && asksByReference(poll) === null,
        ['reply', 'id'],
        'is required, here or in submit.read: without it the work could not be found again',
      );
    },
  },
  {
    needs: ['poll', 'reply'],
    find: ({ poll, reply }) => {
      const rules = poll.read?.phase ?? reply.phase;
      return said(
        rules?.some(({ completed }) => completed !== undefined) !== true,
        ['reply', 'phase'],
        'needs a rule with `completed`, here or in poll.read: nothing says when the work is finished',
      );
    },
  },
  {
    needs: ['poll', 'reply', 'result'],
    find: ({ poll, reply, result }) =>
      said(
        result === undefined && (poll.read?.result ?? reply.result) === undefined,
        ['result'],
        'is required, or reply.result: nothing says where the result is',
      ),
  },
  {
    needs: ['result'],
    find: ({ result }) =>
      said(
        result !== undefined && wholeUrl(result) !== null && !Object.hasOwn(result.vars, 'url'),
        ['result', 'vars', 'url'],
        'is required: where the reply to the poll has the URL of the result',
      ),
  },
  {
    needs: ['poll', 'cancel', 'result'],
    find: ({ poll, cancel, result }) => {
      const isPath = !byLocation(poll);
      const bareId = (step: Step, profile: Partial<Profile>): Mistake[] =>
        usesOf(profile, step)
          .filter(({ source }) => source === (isPath ? 'location' : 'id'))
          .map(({ path }) => ({
            path,
            problem: isPath
              ? 'uses location, but poll.call is asked by id'
              : 'uses id, but poll.call is asked by {+location}, and that alone is kept',
          }));
      return [
        ...said(
          isPath && cancel !== undefined && wholeUrl(cancel) !== null,
          ['cancel', 'call'],
          'is {+location}, but poll.call is asked by id, and that alone is kept',
        ),
        ...bareId('poll', { poll }),
        ...bareId('cancel', { cancel }),
        ...bareId('result', { result }),
      ];
    },
  },
  ...STEPS.map((step): Check => ({ needs: [step, 'headers'], find: (profile) => unknownSources(profile, step) })),
  ...(['submit', 'poll', 'cancel', 'lookup'] as const).map((step): Check => ({
    needs: [step],
    find: ({ [step]: request }) => [
      ...said(
        request !== undefined && wholeUrl(request) !== null && !KNOWN[step].includes('location'),
        [step, 'call'],
        `must be a path: a ${step} knows no location`,
      ),
      ...said(
        request?.call.startsWith('GET ') === true && request.body !== undefined,
        [step, 'body'],
        'is not for a GET',
      ),
      ...colonNames(request?.call, step),
      ...twiceNamed(request?.headers, [step, 'headers']),
      ...unfitHeaders(request?.headers, [step, 'headers']),
    ],
  })),
  {
    needs: ['headers'],
    find: ({ headers }) => [...twiceNamed(headers, ['headers']), ...unfitHeaders(headers, ['headers'])],
  },
  {
    needs: ['credentials', 'oauth2'],
    find: ({ credentials, oauth2 }) =>
      said(
        oauth2 !== undefined && Object.hasOwn(credentials, 'token'),
        ['credentials', 'token'],
        'is the name of the access token where there is oauth2: choose another',
      ),
  },
  { needs: ['credentials', 'oauth2', 'headers', ...STEPS, 'callback'], find: undeclaredCredentials },
  {
    needs: ['callback'],
    find: ({ callback }) =>
      said(
        callback?.signature !== undefined && callback.credential === undefined,
        ['callback', 'credential'],
        'is required with a signature: what it is signed with',
      ),
  },
];

/** Mistakes of the readable members of a profile with each other. */
export function inconsistencies(profile: Partial<Profile>, unreadable: ReadonlySet<string>): Mistake[] {
  return CHECKS.filter(({ needs }) => !needs.some((member) => unreadable.has(member))).flatMap(({ find }) =>
    find(profile as Profile),
  );
}

function said(isWrong: boolean, path: string[], problem: string): Mistake[] {
  return isWrong ? [{ path, problem }] : [];
}

function wholeUrl({ call }: { call: string }): string | null {
  return wholeUrlOf(splitCall(call).template);
}

/** Whether the handle of the work is a URL of the provider; else it is an id. */
export function byLocation(poll: Profile['poll']): boolean {
  return poll.call.endsWith(' {+location}');
}

/** The reference that a poll names the work by; null: it does so by the provider's id or URL. */
export function asksByReference(poll: Profile['poll']): Reference | null {
  const sources = usesOf({ poll }, 'poll').map(({ source }) => source);
  if (sources.includes('id')) return null;
  return REFERENCES.find((reference) => sources.includes(reference)) ?? null;
}

/** What the handle of the work is where we gave it its name; null: the provider gives the handle. */
export function givenName({ reply, submit, poll }: Profile): Reference | null {
  const isGiven = (submit.read?.id ?? reply.id ?? submit.read?.location ?? reply.location) !== undefined;
  return isGiven ? null : asksByReference(poll);
}

function unknownSources(profile: Profile, step: Step): Mistake[] {
  const request = profile[step];
  if (request === undefined) return [];
  const declared = Object.keys(request.vars ?? {});
  const inPath = namesIn(splitCall(request.call).template).filter((name) => !declared.includes(name));
  const undeclared = inPath.filter((name) => !UNDECLARED.includes(name));
  const unknown = usesOf(profile, step).filter(
    ({ source }) => !undeclared.includes(source) && !KNOWN[step].includes(source.replace(/#.*/, '')),
  );
  return [
    ...undeclared.map((name) => ({
      path: [step, 'call'],
      problem: `has {${name}}, and ${step}.vars does not say what that is`,
    })),
    ...unknown.map(({ source, path }) => ({
      path,
      problem: `uses ${source}, which a ${step} does not know; it knows ${KNOWN[step].join(', ')}`,
    })),
  ];
}

/** `/jobs/:id` is how others write a variable; here it would ask for the job ":id". */
function colonNames(call = '', step: Step): Mistake[] {
  const [, name] = /\/:([A-Za-z_]\w*)/.exec(call) ?? [];
  return said(name !== undefined, [step, 'call'], `has :${name}, which would be sent as it stands: write {${name}}`);
}

type Headers = Readonly<Record<string, HeaderValue>>;

function twiceNamed(headers: Headers = {}, path: string[]): Mistake[] {
  const names = Object.keys(headers);
  const again = names.filter((name, n) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) < n);
  return again.map((name) => ({
    path: [...path, name],
    problem: 'is there twice: names of headers are the same in upper and lower case',
  }));
}

function unfitHeaders(headers: Headers = {}, path: string[]): Mistake[] {
  const bare = Object.entries(headers).filter(
    ([name, value]) => name.toLowerCase() === 'authorization' && (typeof value === 'string' || 'from' in value),
  );
  const foreign = Object.entries(headers).filter(
    ([name, value]) => isContentType(name) && !(typeof value === 'string' && JSON_TYPE.test(value)),
  );
  return [
    ...bare.map(([name]) => ({
      path: [...path, name],
      problem:
        'must be {credential: <name>, scheme?: <word>} or {basic: [<user>, <password>]}: no secret stands in a profile',
    })),
    ...foreign.map(([name]) => ({
      path: [...path, name],
      problem: 'must be the name of a kind of JSON, such as application/json: bodies are JSON',
    })),
  ];
}

function undeclaredCredentials(profile: Profile): Mistake[] {
  const { credentials, oauth2, callback } = profile;
  const named = (name: string | undefined, path: string[]): Mistake[] =>
    said(
      name !== undefined &&
        !Object.hasOwn(credentials, name) &&
        !(name === 'token' && oauth2 !== undefined && path[0] !== 'oauth2'),
      path,
      `uses the credential ${name}, which \`credentials\` does not have`,
    );
  const ofHeaders = (headers: Headers = {}, path: string[]): Mistake[] =>
    Object.entries(headers).flatMap(([name, value]) =>
      credentialsIn(value).flatMap((credential) => named(credential, [...path, name])),
    );
  return [
    ...named(oauth2?.clientId, ['oauth2', 'clientId']),
    ...named(oauth2?.clientSecret, ['oauth2', 'clientSecret']),
    ...named(callback?.credential, ['callback', 'credential']),
    ...ofHeaders(profile.headers, ['headers']),
    ...STEPS.flatMap((step) => (step === 'result' ? [] : ofHeaders(profile[step]?.headers, [step, 'headers']))),
  ];
}
