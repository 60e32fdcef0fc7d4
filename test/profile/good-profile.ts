import { expect } from 'vitest';
import { profileOf } from '../../src/profile/load-profile.ts';
import { ProfileError } from '../../src/profile/profile-error.ts';

export const GOOD = `name: example
baseUrl: https://api.example.com/v1
credentials: { apiKey: EXTERNAL_API_KEY }
headers:
  Authorization: { credential: apiKey, scheme: Bearer }
reply:
  id: /id
  phase: [{ at: /status, waiting: working, completed: done }]
  result: /result
submit: { call: POST /jobs, repeat: none }
poll: { call: 'GET /jobs/{id}' }
`;

/** What is wrong with a profile, each as \`line member problem\`. */
export function mistakesIn(text: string): string[] {
  try {
    profileOf(text, 'example.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.mistakes.map(({ line, member, problem }) => [line, member, problem].filter(Boolean).join(' '));
  }
}

/** The good profile with a part of it in other words. */
export function changed(from: string | RegExp, to: string): string {
  expect(GOOD).toMatch(from);
  return GOOD.replace(from, to);
}
