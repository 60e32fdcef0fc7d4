import { inexactIn } from '../contract/exact-json.ts';
import { ExternalAPIError } from '../contract/errors.ts';
import type { FailureName } from '../contract/failures.ts';
import type { Operation } from '../contract/values.ts';
import { parseJson } from '../profile/place.ts';
import type { Profile } from '../profile/schema.ts';
import type { Step } from '../profile/sources.ts';
import { basic, basicPairs } from '../provider/authorization.ts';
import { sanitize } from '../provider/error-detail.ts';
import { pairsOf, type HttpReply } from '../provider/transport.ts';
import type { WatchedCall } from '../provider/watch-calls.ts';
import type { ShownCall } from './check-profile.ts';
import { visible, type SecretHider } from './hide-secrets.ts';
import { readRecorded, type ShownReading } from './read-recorded.ts';

/** A call and its answer, without secrets, and how the profile reads it. */
export interface ShownExchange extends ShownCall {
  /** Null: none came whole. */
  reply: { status: number; headers: Readonly<Record<string, string>>; body: string } | null;
  /** Null: there was nothing to read. */
  reading: ShownReading | null;
  /** The row of the failure table, and why. */
  failure: { name: FailureName | null; message: string } | null;
  durationMs: number;
}

const STEP_OF: Readonly<Record<Operation, Step | 'token'>> = {
  token: 'token',
  submit: 'submit',
  status: 'poll',
  cancel: 'cancel',
  lookup: 'lookup',
  result: 'result',
};

interface ExchangeFacts {
  profile: Profile;
  baseUrl: URL;
  requestId: string;
  secrets: SecretHider;
}

const MOST_CHARACTERS = 2_000;
const MOST_LINES = 50;

/** What may be shown of a call. Notes the secrets that it has met. */
export function shownExchange(watched: WatchedCall, facts: ExchangeFacts): ShownExchange {
  const { call, origin, reply, error, durationMs } = watched;
  const { profile, secrets } = facts;
  const step = STEP_OF[call.operation];
  if (step === 'token') noteClient(watched, profile, secrets);
  const token = step === 'token' && reply !== null ? tokenBody(reply, secrets) : null;
  const hidden = (text: string): string => visible(secrets.text(text));
  const headers = pairsOf(call.headers).map(([name, value]) => [name, hidden(value)] as const);
  return {
    step,
    method: call.method,
    url: hidden(origin + call.path),
    headers: Object.fromEntries(headers),
    body: call.body === null ? null : shownBody(call.body, secrets),
    reply: reply && {
      status: reply.statusCode,
      headers: headersOf(reply, profile, hidden),
      body: token ?? shownBody(reply.body, secrets),
    },
    reading: reply && (step === 'token' ? readToken(error, secrets, reply) : readStep(step, watched, reply, facts)),
    failure: failureOf(error, hidden),
    durationMs: Math.round(durationMs),
  };
}

function readStep(step: Step, { call }: WatchedCall, reply: HttpReply, facts: ExchangeFacts): ShownReading {
  const { profile, secrets, baseUrl, requestId } = facts;
  const clean = (text: string): string => sanitize(secrets.text(text), []);
  const given = { status: reply.statusCode, headers: reply.headers, body: reply.body };
  const handle = call.providerRequestId ?? null;
  const { found, ...reading } = readRecorded(profile, step, given, { baseUrl, requestId, handle, clean });
  const shown = Object.entries(found).map(([name, value]) => [name, boundedValue(secrets.json(value))]);
  return { ...reading, found: Object.fromEntries(shown) as ShownReading['found'] };
}

function failureOf(error: unknown, hidden: (text: string) => string): ShownExchange['failure'] {
  if (error === null) return null;
  if (error instanceof ExternalAPIError) return { name: error.failure, message: hidden(error.message) };
  return { name: null, message: 'it was given up' };
}

/** Of those that came: what a profile reads, and what tells most of a reply. */
function headersOf(reply: HttpReply, profile: Profile, hidden: (text: string) => string): Record<string, string> {
  const read = Array.from(JSON.stringify(profile).matchAll(/\$response\.header\.([^"]+)/g), ([, name = '']) => name);
  const names = ['content-type', 'location', 'retry-after', ...read.map((name) => name.toLowerCase())];
  const values = [...new Set(names)].map((name) => [name, [reply.headers[name] ?? []].flat().join(', ')] as const);
  const came = values.filter(([, value]) => value !== '');
  return Object.fromEntries(came.map(([name, value]) => [name, bounded(hidden(value))]));
}

/** Laid out, where that changes no number. */
function shownBody(body: string, secrets: SecretHider): string {
  const json = parseJson(body);
  const isLaidOut = typeof json === 'object' && json !== null && inexactIn(body) === null;
  const text = isLaidOut ? JSON.stringify(secrets.json(json), null, 2) : secrets.text(body);
  return bounded(visible(text));
}

/** The beginning of a text, and how much follows. Secrets are to be hidden before: half a secret is still a secret. */
function bounded(text: string): string {
  const begin = text.split('\n').slice(0, MOST_LINES).join('\n').slice(0, MOST_CHARACTERS);
  return begin.length === text.length ? text : `${begin}… (${text.length - begin.length} more characters)`;
}

/** As it is, or the beginning of its JSON. */
function boundedValue(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= MOST_CHARACTERS ? value : bounded(text);
}

/** What a token call is made of need not be what was configured: the secret is read again when it was replaced. */
function noteClient({ call }: WatchedCall, { oauth2, credentials }: Profile, secrets: SecretHider): void {
  if (oauth2 === undefined) return;
  const names = [oauth2.clientId, oauth2.clientSecret].map((name) => `<${credentials[name]}>`);
  const form = new URLSearchParams(call.body ?? '');
  const [, pair] = /^Basic (.+)$/.exec(new Map(pairsOf(call.headers)).get('authorization') ?? '') ?? [];
  if (pair !== undefined) secrets.add(pair, names.join(':'));
  const [id = '', secret = ''] = pair === undefined ? [] : Buffer.from(pair, 'base64').toString().split(':');
  const decoded = (text: string): string => new URLSearchParams(`=${text}`).get('') ?? '';
  const sent = [form.get('client_id') ?? decoded(id), form.get('client_secret') ?? decoded(secret)];
  for (const [n, value] of sent.entries()) secrets.add(value, names[n] ?? '');
}

/** Members of a token reply that are no secret (RFC 6749, sections 5.1 and 5.2). */
const SHOWN = ['token_type', 'expires_in', 'scope', 'error', 'error_description', 'error_uri'];
const TOKEN_NAME = '<token>';

/** What may be shown of a reply that may have tokens in it; null: all, because it is a refusal. */
function tokenBody({ statusCode, body }: HttpReply, secrets: SecretHider): string | null {
  const json = parseJson(body);
  const members = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  for (const [name, value] of members)
    if (name.endsWith('token') && typeof value === 'string') secrets.add(value, TOKEN_NAME);
  if (statusCode >= 300) return null;
  if (members.length === 0) return `(${body.length} characters that are no JSON object; a token may be in them)`;
  const shown = members.map(([name, value]) => [
    name,
    SHOWN.includes(name) ? value : name === 'access_token' ? TOKEN_NAME : '<hidden>',
  ]);
  return shownBody(JSON.stringify(secrets.json(Object.fromEntries(shown))), secrets);
}

function readToken(error: unknown, secrets: SecretHider, { body }: HttpReply): ShownReading | null {
  if (error !== null) return null;
  const { expires_in: seconds = null } = parseJson(body) as { expires_in?: unknown };
  return {
    phase: 'token',
    means: 'an access token',
    found: { ...(seconds !== null && { expires_in: secrets.json(seconds) }) },
  };
}

/** What the newcomer calls the secrets, by what they are. */
export function noteCredentials(
  profile: Profile,
  values: Readonly<Record<string, string>>,
  secrets: SecretHider,
): void {
  const nameOf = (credential: string): string => `<${profile.credentials[credential]}>`;
  for (const [name, value] of Object.entries(values)) secrets.add(value, nameOf(name));
  for (const [user, password] of basicPairs(profile))
    secrets.add(basic(values[user] ?? '', values[password] ?? ''), `${nameOf(user)}:${nameOf(password)}`);
}
