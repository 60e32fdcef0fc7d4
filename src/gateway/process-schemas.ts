import { parseItem } from 'structured-headers';
import { z } from 'zod';
import { LONGEST_TARGET, TARGET_EXPECTED, TARGET_PATTERN } from '../callbacks/target.ts';
import { idempotencyKey, name, requestData } from '../client/request-members.ts';
import { MAX_DEADLINE_MS } from '../contract/limits.ts';
import { IDEMPOTENCIES, PRIORITIES } from '../contract/values.ts';
import { EXAMPLE_ID } from './examples.ts';

/** What requests are asked for with, and by what their answers are forgotten. */

const seconds = z
  .number()
  .positive()
  .max(MAX_DEADLINE_MS / 1000);

const data = requestData.meta({
  description: 'What the provider is to process: anything JSON, except null, at most 64 levels deep',
  type: ['object', 'array', 'string', 'number', 'boolean'],
  examples: [{ text: 'hello' }],
});

const options = z
  .strictObject({
    async: z.boolean().nullish().meta({ description: 'Answer 202 with the id at once. Default: false' }),
    // Where it may lead, the client knows.
    callback_url: z
      .string()
      .max(LONGEST_TARGET, `must not be longer than ${LONGEST_TARGET} characters`)
      .regex(TARGET_PATTERN, TARGET_EXPECTED)
      .meta({ description: 'Told the end of the request, by a signed POST', format: 'uri' })
      .nullish(),
  })
  .nullish();

/** How a request is to be done, besides what it asks of the provider. */
const processOptions = options
  .unwrap()
  .unwrap()
  .extend({
    priority: z.enum(PRIORITIES).nullish().meta({ description: 'bulk: after all others. Default: interactive' }),
    coalesce: z
      .boolean()
      .nullish()
      .meta({ description: 'Joins an equal request that still runs. Not with an Idempotency-Key. Default: false' }),
    deadline: seconds
      .nullish()
      .meta({ description: 'Seconds until it ends, whatever happens. Default: as configured' }),
    unknown_hold: seconds
      .nullish()
      .meta({ description: 'Seconds that an unknown outcome waits for a decision. Default: until the deadline' }),
    kind: name.nullish().meta({ description: 'Requests of one kind take about the same time' }),
    idempotency: z
      .enum(IDEMPOTENCIES)
      .nullish()
      .meta({ description: 'What is done about a lost answer: less than the service is configured for, never more' }),
  });

export const processBody = z.strictObject({ data, options: processOptions.nullish() }).meta({
  description: 'A request to the external API',
  examples: [{ data: { text: 'hello' } }, { data: { text: 'hello' }, options: { async: true } }],
});

export type ProcessBody = z.output<typeof processBody>;

export const invalidateBody = z
  .strictObject({
    request_id: z.string().optional().meta({ description: 'Forget the answer to this request' }),
    data: data.optional().meta({ description: 'Forget the answer to this input' }),
    options,
  })
  .refine(({ request_id: id, data: asked }) => id === undefined || asked === undefined, {
    path: ['request_id'],
    message: 'goes without data: name a request, or an input',
  })
  .refine(({ data: asked, options: of }) => asked !== undefined || (of ?? null) === null, {
    path: ['options'],
    message: 'goes with data only',
  })
  .meta({
    description: 'Which answers to forget: of one request, to one input, or, with {}, all of the tenant',
    // The two rules above, as JSON schema.
    not: { required: ['request_id', 'data'] },
    anyOf: [{ required: ['data'] }, { properties: { options: { type: 'null' } } }],
    examples: [{ request_id: EXAMPLE_ID }, { data: { text: 'hello' } }, {}],
  });

export const invalidatedResponse = z
  .object({ success: z.literal(true) })
  .meta({ description: 'Forgotten', examples: [{ success: true }] });

export const processHeaders = z.looseObject({
  'cache-control': z.string().optional().meta({
    description:
      'max-age: an earlier answer of at most so many seconds will do. no-cache: none will do. no-store: and the new one is not kept for others',
  }),
  prefer: z
    .string()
    .optional()
    .meta({
      description: 'wait=n: 202 after n seconds, if that is sooner. respond-async: at once (RFC 7240)',
      examples: ['wait=10', 'respond-async'],
    }),
  'idempotency-key': z.string().transform(unquoted).pipe(idempotencyKey).optional().meta({
    description:
      'The same key with the same body is the same request, however often it is sent. In quotes, as the draft of the IETF has it, or bare',
    pattern: '^([\\x21\\x23-\\x7e][\\x21-\\x7e]{0,254}|"([\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\["\\\\]){1,255}")$',
  }),
});

/** The text of a string of RFC 9651; what has no quotes, as it is; nothing of what is no string. (draft-ietf-httpapi-idempotency-key-header-07, 2.1) */
function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(parseItem(text)[0]);
  } catch {
    return '';
  }
}
