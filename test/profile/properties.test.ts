import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../src/contract/request.ts';
import { buildCall } from '../../src/profile/build-call.ts';
import { CannotBuildError } from '../../src/profile/cannot-build-error.ts';
import { loadProfile, profileOf, shippedProfiles } from '../../src/profile/load-profile.ts';
import { ownPath, resultTarget } from '../../src/profile/origins.ts';
import { parseProfile } from '../../src/profile/parse-profile.ts';
import { ProfileError } from '../../src/profile/profile-error.ts';
import { readLookup } from '../../src/profile/read-lookup.ts';
import { readReply, type Reading } from '../../src/profile/read-reply.ts';
import { readResult } from '../../src/profile/read-result.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { callFacts, readFacts } from './facts.ts';

const PROFILES = shippedProfiles().map(loadProfile);
const text = (name: string): string =>
  readFileSync(new URL(`../../src/profile/profiles/${name}.yaml`, import.meta.url), 'utf8');

/** Every word and every last member that a profile names: replies of these are not all unreadable. */
const HINTS = [...new Set(shippedProfiles().flatMap((name) => text(name).match(/[A-Za-z_-]{2,}/g) ?? []))];
const scalar = fc.oneof(
  fc.constantFrom(...HINTS),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant('*'),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...HINTS), fc.constantFrom('__proto__', 'constructor', 'length')),
      tie('json'),
      { maxKeys: 6 },
    ),
  ),
}));
const reply = fc.record({
  status: fc.oneof(fc.constantFrom(200, 201, 202, 204, 404, 409, 422), fc.integer({ min: 100, max: 599 })),
  headers: fc.dictionary(
    fc.constantFrom('location', 'operation-location', 'retry-after', 'x'),
    fc.oneof(fc.string(), fc.webUrl(), fc.array(fc.string())),
  ),
  body: fc.oneof(
    json.map((value) => JSON.stringify(value) ?? ''),
    fc.string(),
    fc.string().map((junk) => `{"id":1${junk}`),
  ),
});

const PHASES = ['waiting', 'completed', 'failed', 'cancelled', 'refused', 'unknown', 'unreadable', 'unclaimed'];

describe.each(PROFILES.map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  test('[N10][N13] no reply makes reading throw, and what is read is fit to be kept and asked for', () => {
    const { baseUrl } = readFacts(profile);
    fc.assert(
      fc.property(
        reply,
        fc.constantFrom('submit', 'poll', 'cancel'),
        fc.option(fc.constantFrom('1', 'job-1')),
        (given, step, handle) => {
          const reading = readReply(profile, step, given, readFacts(profile, { handle }));
          expect(PHASES).toContain(reading.phase);
          expect(reading.phase === 'unreadable').toBe(reading.why !== null);
          if (reading.handle !== null) expect(reading.handle).toMatch(/^[\x21-\x7e]{1,1000}$/);
          if (reading.result !== null) expect(reading.phase).toBe('completed');
          if (given.status >= 500) expect(reading.phase).toBe('unclaimed');
          const url = reading.fetch?.['url'];
          if (url !== undefined && profile.result?.call === 'GET {+url}')
            expect(resultTarget(profile, baseUrl, url)).toHaveProperty('url');
          // Whatever handle came out of a submit can be asked for.
          if (step === 'submit' && reading.handle !== null)
            buildCall(profile, 'poll', callFacts(profile, { handle: reading.handle }));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('[N10][N13] neither does a result or a list', () => {
    fc.assert(
      fc.property(reply, (given) => {
        if (profile.result !== undefined) readResult(profile, given, readFacts(profile));
        if (profile.lookup !== undefined) readLookup(profile, given, readFacts(profile));
      }),
      { numRuns: 100 },
    );
  });
});

test('[N8][N13] for any data, path and credentials stay the profile’s', () => {
  const profile = loadProfile('azure-document-intelligence');
  const value = fc.oneof(
    json,
    fc.string(),
    fc.webUrl(),
    fc.constantFrom('..', '.', '', '../..', '%2e%2e', '/', '?', '#', ':delete', '\r\nX: 1'),
  ) as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(
      fc.record({ model: value, urlSource: value, base64Source: value, Authorization: value }),
      fc.option(fc.webUrl()),
      (data, callbackUrl) => {
        let call;
        try {
          call = buildCall(
            profile,
            'submit',
            callFacts(profile, { data, callbackUrl, baseUrl: new URL('https://r.example/base') }),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(CannotBuildError);
          return;
        }
        expect(call.url.origin).toBe('https://r.example');
        expect(call.url.pathname).toMatch(/^\/base\/documentintelligence\/documentModels\/[^/]+:analyze$/);
        expect(call.url.pathname.split(':')).toHaveLength(2);
        expect(call.url.search).toBe('?api-version=2024-11-30');
        expect(call.headers).toEqual([
          ['ocp-apim-subscription-key', '<EXTERNAL_API_KEY>'],
          ['accept', 'application/json'],
          ...(call.body === null ? [] : [['content-type', 'application/json']]),
        ]);
        const members = call.body === null ? [] : Object.keys(JSON.parse(call.body) as object);
        expect(['urlSource', 'base64Source']).toEqual(expect.arrayContaining(members));
      },
    ),
    { numRuns: 500 },
  );
});

test('[N8][N13] a URL that is the provider’s own stays there, and is the same when it is read again', () => {
  const [profile] = PROFILES as [Profile];
  const own = new URL(profile.baseUrl ?? '');
  const part = fc.constantFrom(
    own.origin,
    own.host,
    'https:',
    '//',
    '/',
    '\\',
    '@',
    ':',
    '?',
    '#',
    '.',
    '..',
    '%2e',
    '%2F',
    'evil.example',
    '443',
    'a',
    '\t',
    '\n',
    'é',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        fc.webUrl(),
        fc.string(),
      ),
      fc.constantFrom(own, new URL('https://gateway.example'), new URL('https://gateway.example/a/b')),
      (given, base) => {
        const checked = ownPath(profile, base, given);
        if ('problem' in checked) return;
        expect(new URL(base.origin + checked.path).origin).toBe(base.origin);
        expect(new URL(checked.path, base).origin).toBe(base.origin);
        expect(ownPath(profile, base, checked.path)).toEqual(checked);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('[N13] no JSON and no text makes loading throw anything but mistakes', () => {
  fc.assert(
    fc.property(json, (given) => void parseProfile(given)),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(
            fc.constantFrom(
              'name: ',
              'x',
              '\n',
              '  ',
              '[',
              ']',
              '{',
              '}',
              '&a ',
              '*a',
              '!t ',
              '- ',
              ': ',
              "'",
              '"',
              '---',
              '%',
              '#',
            ),
          )
          .map((parts) => parts.join('')),
      ),
      (given) => {
        expect(() => profileOf(given, 'x.yaml')).toThrow(ProfileError);
      },
    ),
    { numRuns: 500 },
  );
});

interface Recorded {
  baseUrl?: string;
  handle?: string;
  replies: { step: string; status: number; headers?: Record<string, string>; body?: unknown; handle?: string }[];
}

/** How the recorded replies of a profile read. */
function readingsBy(profile: Profile, name: string): (readonly [Reading, string])[] {
  const { replies, ...recorded } = JSON.parse(
    readFileSync(new URL(`../profiles/${name}.json`, import.meta.url), 'utf8'),
  ) as Recorded;
  return replies.flatMap(({ step, status, headers = {}, body = '', handle = recorded.handle ?? 'job-1' }) => {
    if (step !== 'submit' && step !== 'poll' && step !== 'cancel') return [];
    const facts = readFacts(profile, {
      baseUrl: new URL(recorded.baseUrl ?? profile.baseUrl ?? 'https://x.example'),
      handle: step === 'submit' ? null : handle,
    });
    const given = { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
    return [[readReply(profile, step, given, facts), step] as const];
  });
}

test('[N13] a letter too much in a profile is a mistake, or no reply reads as what it is not', () => {
  const bad = ['failed', 'cancelled', 'refused'];
  const open = ['waiting', 'unknown', 'unreadable', 'unclaimed'];
  /** Completed without a result is not the end: the provider is asked again. */
  const isOpen = ({ phase, result, fetch }: Reading): boolean =>
    open.includes(phase) || (phase === 'completed' && result === null && fetch === null);
  const mayBecome = (was: string, is: Reading): boolean =>
    was === is.phase || isOpen(is) || (bad.includes(was) && bad.includes(is.phase));
  fc.assert(
    fc.property(fc.constantFrom(...shippedProfiles()), fc.nat(), fc.constantFrom('x', 'Q', '_'), (name, at, letter) => {
      const original = text(name);
      const offset = at % original.length;
      let mutated: Profile;
      try {
        mutated = profileOf(original.slice(0, offset) + letter + original.slice(offset), `${name}.yaml`);
      } catch (error) {
        expect(error).toBeInstanceOf(ProfileError);
        return;
      }
      const before = readingsBy(loadProfile(name), name);
      for (const [n, [reading]] of readingsBy(mutated, name).entries()) {
        const was = before[n]?.[0].phase ?? '';
        expect(mayBecome(was, reading), `${was} became ${reading.phase}`).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
