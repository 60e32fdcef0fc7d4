import { namesOfCredentials } from '../../src/cli/check-profile.ts';
import type { CallFacts } from '../../src/profile/build-call.ts';
import type { ReadFacts } from '../../src/profile/read-reply.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import type { Profile } from '../../src/profile/schema.ts';

export const REQUEST_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A profile of a provider at https://api.example.com/v1 that is asked by id, with `more` lines of YAML. */
export function profileWith(more = '', { submit = 'POST /jobs', poll = 'GET /jobs/{id}', reply = '' } = {}): Profile {
  return profileOf(
    `name: example
baseUrl: https://api.example.com/v1
credentials: { apiKey: EXTERNAL_API_KEY }
headers: { Authorization: { credential: apiKey, scheme: Bearer } }
reply:
  ${reply === '' ? 'id: /id' : reply}
  phase: [{ at: /status, waiting: working, completed: done, failed: failed, cancelled: cancelled }]
  ${/^result:/m.test(more) ? '' : 'result: /result'}
submit: { call: '${submit}' }
poll: { call: '${poll}' }
${more}
`,
    'example.yaml',
  );
}

export function callFacts(profile: Profile, more: Partial<CallFacts> = {}): CallFacts {
  const baseUrl = new URL(profile.baseUrl ?? 'https://api.example.com/v1');
  return { baseUrl, authorize: namesOfCredentials(profile), requestId: REQUEST_ID, ...more };
}

export function readFacts(profile: Profile, more: Partial<ReadFacts> = {}): ReadFacts {
  const baseUrl = new URL(profile.baseUrl ?? 'https://api.example.com/v1');
  return { baseUrl, requestId: REQUEST_ID, handle: null, clean: (text) => text.replace(/\s+/g, ' ').trim(), ...more };
}
