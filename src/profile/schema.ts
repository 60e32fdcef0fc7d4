import { z } from 'zod';
import {
  baseUrl,
  bodyValue,
  call,
  credentialName,
  headerName,
  headerValue,
  members,
  named,
  origin,
  place,
  places,
  pointer,
  resultCall,
  source,
  text,
  tokenUrl,
  variable,
  variableName,
} from './member-schemas.ts';

/** A provider as data. docs/providers.md says how each member is read. */

/** In the order in which they are tried where a place has anything at all. */
export const PHASES = ['waiting', 'completed', 'failed', 'cancelled', 'refused'] as const;
export type Phase = (typeof PHASES)[number];

/** A word for whatever stands there. */
export const ANYTHING = '*';

const word = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be a word, a number, true or false' })
  .transform((given) => String(given).trim().toLowerCase());
const WORDS = "must be a word, or a list of words; '*' is anything";
const words = z
  .union([word, z.array(word).min(1, WORDS)], { error: WORDS })
  .transform((given) => [given].flat())
  .optional();

/** A fresh token, the call budget or an outage is the answer to these, whatever else they say. */
export const NEVER_CLAIMED = [401, 407, 408, 425, 429];
const CLAIMABLE = new RegExp(`^(?!(?:${NEVER_CLAIMED.join('|')})$)[234]\\d\\d$`);

const rule = members({
  at: place.describe('Where the word stands.'),
  waiting: words.describe('Words for work that goes on.'),
  completed: words.describe("Words for work that is done. With '*': when its result is there too."),
  failed: words.describe("Words for work that failed. With '*': anything but false, [] and {}."),
  cancelled: words.describe('Words for work that was cancelled.'),
  refused: words.describe('Words of a provider that did nothing and wants no calls now, in any answer.'),
})
  .refine((given) => wordsIn(given).length > 0, `needs words for one of ${PHASES.join(', ')}`)
  .refine((given) => new Set(wordsIn(given)).size === wordsIn(given).length, 'has a word twice')
  .refine((given) => given.at !== '$statusCode' || wordsIn(given).every((one) => CLAIMABLE.test(one)), {
    error: 'may name statuses 2xx, 3xx and 4xx, but for 401, 407, 408, 425 and 429',
  });

/** All words of a rule, `*` included. */
export function wordsIn(given: Partial<Record<Phase, readonly string[] | undefined>>): string[] {
  return PHASES.flatMap((phase) => given[phase] ?? []);
}

const inlineResult = z.union(
  [
    place.transform((given) => ({ at: given })),
    members({
      at: place.describe('Where the result stands.'),
      processingTime: place.optional().describe('Where the seconds that it took stand.'),
      version: place.optional().describe('Where the version of the provider stands.'),
    }),
  ],
  { error: 'must be a place in the reply, or {at: <place>, processingTime?: <place>, version?: <place>}' },
);

const reading = members({
  id: place.describe('Where the id of the work stands.'),
  location: place.describe('Where the URL stands that says how the work is.'),
  phase: z
    .array(rule, { error: 'must be a list of rules' })
    .min(1, 'needs a rule')
    .describe('Where the provider says how the work is. The first rule with a word that fits decides.'),
  result: inlineResult.describe("Where the result stands. '' is the whole body."),
  error: places.describe('Where a failure says why. The first that is a text.'),
  createdAt: place.describe('When the work was taken, as ISO 8601.'),
  completedAt: place.describe('When it ended, as ISO 8601.'),
}).partial();

const headers = named('names and values of headers', headerName, headerValue);
const request = {
  call: call.describe('METHOD and path under the base URL, with {x}, {?x,y} and {&x}; or {+location}.'),
  headers: headers.optional().describe('More headers, for this call.'),
  body: named('JSON Pointers, and what stands there', pointer, bodyValue)
    .optional()
    .describe("JSON by pointer; '' is the whole. What the caller's data has there is dropped."),
  vars: named('variables of the template, and their sources', variableName, source)
    .optional()
    .describe('Variables of the path. id, requestId, requestUuid, async and callbackUrl need none.'),
};
const step = { ...request, read: reading.optional().describe('Members that replace those of `reply`.') };

const positive = z.number({ error: 'must be a number above 0' }).positive('must be a number above 0');
const flag = z.boolean({ error: 'must be true or false' });
const choice = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

const oauth2 = members({
  url: tokenUrl.describe('Where the token is. EXTERNAL_OAUTH_TOKEN_URL wins.'),
  clientId: credentialName.describe('The name of a credential.'),
  clientSecret: credentialName.describe('The name of a credential.'),
  clientAuth: choice('body', 'basic').default('body').describe('Where both stand in the call: body or basic.'),
  params: members({
    scope: z.string().optional(),
    audience: z.string().optional(),
    resource: z.string().optional(),
  })
    .default({})
    .describe('More of the call: scope, audience, resource.'),
});

const submit = members({
  ...step,
  repeat: choice('none', 'key', 'resend')
    .default('none')
    .describe('What is done when an answer was lost. key: the provider does the work of one key once.'),
  keyHours: positive.optional().describe('For how long the provider knows a key.'),
});
const poll = members({
  ...step,
  every: positive.optional().describe('Seconds between two polls of one job, at least.'),
});
const result = members({
  call: resultCall.describe('GET of the result: a path, or {+url}.'),
  vars: named('variables of the template, and where the reply of the poll has them', variableName, place)
    .default({})
    .describe('Variables of the path, and where the reply to the poll has them.'),
  origins: z
    .array(origin, { error: 'must be a list of origins' })
    .default([])
    .describe('Where {+url} may lead besides the base URL; no credentials go there.'),
  as: choice('json', 'text').default('json').describe('What the result is delivered as: json or text.'),
});
const cancel = members({
  ...step,
  optIn: flag.default(false).describe('Only with EXTERNAL_API_CANCEL_CALL=true.'),
});
const lookup = members({
  ...request,
  items: pointer.optional().describe('Where the list stands. Absent: the reply is the item.'),
  match: place.describe('Where an item has our reference.'),
  id: place.describe('Where it has its id.'),
  completeAfter: positive
    .optional()
    .describe('Seconds after which work that is not listed never arrived. Absent: nothing proves that.'),
});
const signature = z.union(
  [
    z.literal('standard-webhooks'),
    members({
      header: headerName,
      hmac: z.literal('sha256'),
      encoding: z.enum(['hex', 'base64']),
      prefix: z.string().default(''),
    }),
  ],
  { error: 'must be standard-webhooks, or {header, hmac: sha256, encoding: hex or base64, prefix?}' },
);
const callback = members({
  id: pointer.describe('Where the body of a callback has the id.'),
  signature: signature
    .optional()
    .describe('standard-webhooks, or an HMAC in a header: {header, hmac: sha256, encoding, prefix}.'),
  credential: credentialName.optional().describe('What it is signed with.'),
});
const limit = members({
  calls: positive.int('must be a whole number').describe('How many calls.'),
  seconds: positive.describe('In how many seconds.'),
});

export const profileSchema = members({
  name: text('a letter a-z, then at most 31 of a-z 0-9 . -', /^[a-z][a-z0-9.-]{0,31}$/).describe(
    'What this provider is called here.',
  ),
  baseUrl: baseUrl.optional().describe('Before every path. EXTERNAL_API_BASE_URL wins.'),
  credentials: named('names, and the variables that hold them', credentialName, variable)
    .default({})
    .describe('Names, and the environment variables that hold the values (or NAME_FILE their path).'),
  oauth2: oauth2.optional().describe('Client credentials; the access token is the credential `token`.'),
  headers: headers.default({}).describe('Of every call.'),
  reply: reading.default({}).describe('How every reply is read.'),
  submit: submit.describe('Gives the work to the provider. Without `body` the data is the body.'),
  poll: poll.describe('Asks how the work is.'),
  result: result.optional().describe('One more GET, where the result is not in the reply to a poll.'),
  cancel: cancel.optional().describe('Asks the provider to stop. Its reply is read as any other.'),
  lookup: lookup.optional().describe('Looks for our own reference, where an answer was lost.'),
  callback: callback.optional().describe('What the provider sends to the callback URL: a hint.'),
  limit: limit.optional().describe('Calls in any such time. EXTERNAL_API_RATE_LIMIT wins.'),
  cacheSeconds: z
    .number({ error: 'must be a number, 0 or more' })
    .nonnegative('must be a number, 0 or more')
    .default(0)
    .describe('For how long an equal request gets the same answer.'),
});

export type Profile = z.output<typeof profileSchema>;
export type ReadingPlaces = z.output<typeof reading>;
export type Rule = z.output<typeof rule>;
export type HeaderValue = z.output<typeof headerValue>;
