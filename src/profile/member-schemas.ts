import { isIP } from 'node:net';
import { z } from 'zod';
import { problemOfPath, wholeUrlOf } from './template.ts';

/** What the members of a profile may be, each with one message that says what is expected. */

export function text(expected: string, pattern: RegExp) {
  return z
    .string({ error: ({ input }) => `${input === undefined ? 'is required:' : 'must be'} ${expected}` })
    .regex(pattern, `must be ${expected}`);
}

/** An object that has no other members. */
export function members<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, input }) => {
      if (code === 'unrecognized_keys') return `is not known here; there are: ${names}`;
      return `${input === undefined ? 'is required:' : 'must be'} an object of ${names}`;
    },
  });
}

/** An object whose members have names of the author's. */
export function named<Value extends z.ZodType>(what: string, name: z.ZodString, value: Value) {
  return z.record(name, value, { error: `must be an object: ${what}` });
}

const POINTER = String.raw`(?:/(?:[^~/]|~[01])*)`;
const TOKEN = String.raw`[A-Za-z0-9!#$%&'*+.^_\`|~-]+`;

export const pointer = text(
  "a JSON Pointer (RFC 6901), such as /data/id; '' is the whole",
  new RegExp(`^${POINTER}*$`),
);

/** Where something stands in a reply: a pointer into its JSON, its status, or one of its headers. */
export const place = text(
  'a place in the reply: a JSON Pointer such as /data/id, $statusCode, or $response.header.<name>',
  new RegExp(`^(?:\\$statusCode|\\$response\\.header\\.${TOKEN}|${POINTER}*)$`),
);

const PLACES = 'must be a place in the reply, or a list of 1 to 8';
export const places = z
  .union([place, z.array(place).min(1, PLACES).max(8, PLACES)], { error: PLACES })
  .transform((given) => [given].flat());

/** What our side knows, and may put into a call. */
export const FACTS = ['data', 'async', 'callbackUrl', 'requestId', 'requestUuid', 'id', 'location'] as const;
const SOURCE = `must be one of ${FACTS.join(', ')}, or data#/<pointer> for a part of the caller's data`;
export const source = z.union([z.enum(FACTS), z.string().regex(new RegExp(`^data#${POINTER}+$`), SOURCE)], {
  error: SOURCE,
});

export const variable = text(
  'the name of an environment variable EXTERNAL_API_KEY…, EXTERNAL_OAUTH… or EXTERNAL_WEBHOOK…, without _FILE; never a value',
  /^EXTERNAL_(?:API_KEY|OAUTH|WEBHOOK)(?!\w*_FILE$)[A-Z0-9_]*$/,
);
export const credentialName = text(
  'the name of a credential: a letter a-z, then at most 31 of A-Z a-z 0-9',
  /^[a-z][A-Za-z0-9]{0,31}$/,
);
export const variableName = text('the name of a variable of the template: letters, digits or _', /^\w+$/);

/** Framing, hop-by-hop, and what is ours: bodies are JSON, and there are no cookies. */
const RESERVED =
  /^(?:host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|cookie2?|proxy-.*)$/i;
export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name);
}
export function isContentType(name: string): boolean {
  return name.toLowerCase() === 'content-type';
}
/** Bodies are JSON; of some vendors by a name of their own. */
export const JSON_TYPE = /^application\/(?:[\w.+-]+[+-])?json(?:-[\d.]+)?$/i;
export const headerName = text('the name of a header', new RegExp(`^${TOKEN}$`)).refine(
  (name) => !isReservedHeader(name) || isContentType(name),
  'is a header that no profile sets',
);

const fromSource = z.strictObject({ from: source });
const credential = z.strictObject({
  credential: credentialName,
  scheme: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .optional(),
});
const basic = z.strictObject({ basic: z.tuple([credentialName, credentialName]) });
const HEADER_VALUE =
  'must be a text of visible ASCII, {from: <source>}, {credential: <name>, scheme?: <word>} or {basic: [<user>, <password>]}';
export const headerValue = z.union([z.string().regex(/^[\x20-\x7e]+$/, HEADER_VALUE), fromSource, credential, basic], {
  error: HEADER_VALUE,
});

export const bodyValue = z
  .union([fromSource, z.json()], { error: 'must be {from: <source>}, or JSON' })
  .refine((value) => !isFrom(value) || source.safeParse(value.from).success, `from: ${SOURCE}`)
  .refine((value) => isFrom(value) || !hasReference(value), {
    error:
      'has a {from: …} or {credential: …} inside: give each {from: …} a pointer of its own; credentials stand in headers only',
  });

/** A part of a body that is taken from our side. */
export function isFrom(value: unknown): value is { from: string } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'from';
}

/** What would be sent as it is written. */
function hasReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, 'credential') || (isFrom(value) && source.safeParse(value.from).success)) return true;
  return Object.values(value).some(hasReference);
}

/** `METHOD template`. */
function callOf(methods: string, whole: string) {
  const expected = `METHOD and path, such as ${methods.split('|')[0]} /jobs/{id}, or {+${whole}} as the whole URL`;
  return text(expected, new RegExp(`^(?:${methods}) (?:/\\S*|\\{\\+${whole}\\})$`)).superRefine((given, context) => {
    const { template } = splitCall(given);
    const problem = template === '' || wholeUrlOf(template) !== null ? null : problemOfPath(template);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
}

export function splitCall(call: string): { method: string; template: string } {
  const [method = '', template = ''] = call.split(' ', 2);
  return { method, template };
}

export const call = callOf('GET|POST|PUT|PATCH|DELETE', 'location');
export const resultCall = callOf('GET', 'url');

const HTTPS_URL = /^https:\/\/[^\s?#@\\]+$/;
const BASE_URL =
  'an https URL without user, query and fragment; for a server without https leave it out, and set EXTERNAL_API_BASE_URL';
export const baseUrl = text(BASE_URL, HTTPS_URL).refine(
  // What has the wrong form was told already.
  (given) => !HTTPS_URL.test(given) || URL.canParse(given),
  `must be ${BASE_URL}`,
);
export const tokenUrl = text(
  'an https URL without user and fragment, or a path under the base URL',
  /^(?:https:\/\/[^\s#@\\]+|\/[^\s#?\\]*)$/,
).refine(
  (given) => given.startsWith('/') || URL.canParse(given),
  'must be an https URL without user and fragment, or a path under the base URL',
);

const ORIGIN =
  'an https origin with a name of two parts or more, without port, such as https://files.example.com or https://*.example.com';
export const origin = text(ORIGIN, /^https:\/\/(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/).refine((given) => {
  const bare = given.replace('*.', '');
  return URL.canParse(bare) && isIP(new URL(bare).hostname) === 0;
}, `must be ${ORIGIN}; no IP address`);
