import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildCall } from '../../src/profile/build-call.ts';
import { cancelOutcome } from '../../src/profile/cancel-outcome.ts';
import { BUILT_IN_PROVIDER } from '../../src/contract/names.ts';
import { loadProfile, shippedProfiles } from '../../src/profile/load-profile.ts';
import type { Reply } from '../../src/profile/place.ts';
import { readLookup } from '../../src/profile/read-lookup.ts';
import { readReply } from '../../src/profile/read-reply.ts';
import { readResult } from '../../src/profile/read-result.ts';
import { requestUuid } from '../../src/profile/request-uuid.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { STEPS, type Step } from '../../src/profile/sources.ts';
import { callFacts, readFacts, REQUEST_ID } from './facts.ts';

/** What each provider gets, and what it answers, written after the schemas of its vendor. */
interface Recorded {
  /** Of profiles without one. */
  baseUrl?: string;
  data: never;
  handle?: string;
  fetch?: Record<string, string>;
  calls: Partial<Record<Step, { call: string; headers: Record<string, string>; body: string | null }>>;
  replies: {
    title: string;
    step: Step;
    status: number;
    headers?: Record<string, string>;
    /** A text is the body as it comes, all else is its JSON. */
    body?: unknown;
    handle?: string;
    reads: object;
  }[];
}

const FOLDER = new URL('../profiles/', import.meta.url);
const recordedOf = (name: string): Recorded =>
  JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Recorded;

test('[N13] the built-in profile and at least twelve others are shipped, each with recorded replies', () => {
  const names = shippedProfiles();
  expect(names).toContain(BUILT_IN_PROVIDER);
  expect(names.length).toBeGreaterThan(12);
  expect(readdirSync(FOLDER).toSorted()).toEqual(names.map((name) => `${name}.json`));
});

describe.each(shippedProfiles())('%s', (name) => {
  const profile = loadProfile(name);
  const recorded = recordedOf(name);
  const { data, fetch = {}, handle = 'job-1' } = recorded;
  const baseUrl = new URL(recorded.baseUrl ?? profile.baseUrl ?? '');

  test('[N13][M22] it says what it was written from, what is certain and what was not tried', () => {
    const text = readFileSync(new URL(`../../src/profile/profiles/${name}.yaml`, import.meta.url), 'utf8');
    const [head = ''] = text.split(/^name:/m);
    for (const said of ['# Written from: ', '# Certain: ', '# Not tried: ']) expect(head).toContain(said);
    expect(profile.name).toBe(name);
  });

  const made = STEPS.filter((step) => profile[step] !== undefined);

  test('[N13][N8] every call goes out as its vendor has it', () => {
    expect(Object.keys(recorded.calls).toSorted()).toEqual(made.toSorted());
    for (const step of made) {
      const facts = callFacts(profile, {
        baseUrl,
        data,
        async: true,
        callbackUrl: 'https://us.example/callback',
        handle,
        fetch,
      });
      const { method, url, headers, body } = buildCall(profile, step, facts);
      const call = `${method} ${url.href}`.replace(requestUuid(REQUEST_ID), '<requestUuid>');
      expect({ call, headers: Object.fromEntries(headers), body }).toEqual(recorded.calls[step]);
    }
  });

  test.each(recorded.replies)(
    '[N13][N10] $step: $title',
    ({ step, status, headers = {}, body, reads, handle: asked }) => {
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      expect(readAs(profile, step, { status, headers, body: text }, asked ?? handle)).toMatchObject(reads);
    },
  );

  test('[N13] there are replies of every step, and of every phase of a poll', () => {
    const of = (step: Step): object[] =>
      recorded.replies.filter((reply) => reply.step === step).map(({ reads }) => reads);
    expect(made.filter((step) => of(step).length === 0)).toEqual([]);
    const rules = profile.poll.read?.phase ?? profile.reply.phase ?? [];
    const phases = ['waiting', 'completed', 'failed', 'cancelled', 'refused'] as const;
    const said = phases.filter((phase) => rules.some((rule) => rule[phase] !== undefined));
    expect(of('poll')).toEqual(expect.arrayContaining(said.map((phase) => expect.objectContaining({ phase }))));
  });

  function readAs(of: Profile, step: Step, reply: Reply, asked: string): object {
    const facts = readFacts(of, { baseUrl, handle: step === 'submit' ? null : asked });
    if (step === 'lookup') return readLookup(of, reply, facts);
    if (step === 'result') return readResult(of, reply, facts);
    const reading = readReply(of, step, reply, facts);
    return step === 'cancel' ? { ...reading, outcome: cancelOutcome(reading, reply.status) } : reading;
  }
});
