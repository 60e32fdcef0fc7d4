import { z } from 'zod';
import { callbackUrl, idempotencyKey, requestData } from '../client/request-members.ts';
import {
  CANCELLATION_OUTCOMES,
  DECISIONS,
  ERROR_TYPES,
  OUTCOMES,
  REQUEST_STATUSES,
  SOURCES,
  WAIT_REASONS,
} from '../contract/values.ts';

/** The bodies of the gateway. Members that a response schema does not list never leave: it is the sanitiser. */

const data = requestData.meta({
  description: 'What the provider is to process: anything JSON, except null',
  examples: [{ text: 'hello' }],
});

const options = z
  .strictObject({
    async: z.boolean().nullish().meta({ description: 'Answer 202 with the id at once. Default: false' }),
    callback_url: callbackUrl
      .meta({ description: 'Told by the provider when the work is done', format: 'uri' })
      .nullish(),
  })
  .nullish();

export const processBody = z.strictObject({ data, options }).meta({ description: 'A request to the external API' });

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
  .meta({ description: 'Which answers to forget: of one request, to one input, or, with {}, all of the tenant' });

export const invalidatedResponse = z.object({ success: z.literal(true) }).meta({ description: 'Forgotten' });

export const processHeaders = z.looseObject({
  'cache-control': z.string().optional().meta({
    description:
      'max-age: an earlier answer of at most so many seconds will do. no-cache: none will do. no-store: and the new one is not kept for others',
  }),
  'idempotency-key': idempotencyKey
    .optional()
    .meta({ description: 'The same key with the same body is the same request, however often it is sent' }),
});

const time = z.string().meta({ format: 'date-time' });

const result = z.object({
  processed_data: z.unknown(),
  metadata: z.object({
    processing_time: z.number().nullable().meta({ description: 'Seconds' }),
    version: z.string().nullable(),
  }),
  inexact: z
    .array(z.string())
    .optional()
    .meta({ description: 'Paths in processed_data of numbers that are not as the provider wrote them' }),
});

const requestError = z.object({
  type: z.enum(ERROR_TYPES),
  message: z.string(),
  status_code: z.number().nullable(),
  retryable: z.boolean(),
  outcome: z.enum(OUTCOMES).nullable().meta({ description: 'What the provider may have done with the request' }),
});

export const processedResponse = z
  .object({
    success: z.literal(true),
    result,
    request_id: z.string(),
    source: z
      .enum(SOURCES)
      .exclude(['provider'])
      .optional()
      .meta({ description: 'Absent: the provider. With an earlier answer the header Age says how old it is (s)' }),
    error: requestError.optional().meta({ description: 'Why the fallback had to stand in' }),
  })
  .meta({ description: 'The result' });

export const acceptedResponse = z
  .object({ success: z.literal(true), request_id: z.string() })
  .meta({ description: 'Taken, and not finished yet. Location says where to ask, Retry-After when' });

export const statusResponse = z
  .object({
    request_id: z.string(),
    status: z.enum(REQUEST_STATUSES),
    created_at: time,
    updated_at: time,
    completed_at: time.nullable(),
    deadline_at: time.nullable().meta({ description: 'When its calls end, whatever happens; null: no worker says it' }),
    provider_request_id: z.string().nullable(),
    result: result.nullable(),
    error: requestError.nullable().meta({ description: 'With source fallback: why it had to stand in' }),
    source: z.enum(SOURCES).nullable(),
    cached_at: time.nullable().meta({ description: 'When the provider gave this result, if to an earlier request' }),
    cancellation: z
      .enum(CANCELLATION_OUTCOMES)
      .nullable()
      .meta({ description: 'What became of the work when cancellation was asked for' }),
    resolution: z
      .object({
        decision: z.enum(DECISIONS),
        provider_request_id: z.string().nullable(),
        by: z.string(),
        reason: z.string(),
        at: time,
      })
      .nullable()
      .meta({ description: 'The latest decision on an unknown outcome' }),
    retry_of: z.string().nullable().meta({ description: 'The ended request that this one repeats' }),
    retried_by: z.string().nullable().meta({ description: 'The request that repeats this one' }),
    waiting_for: z
      .object({
        reason: z.enum(WAIT_REASONS),
        since: time.nullable(),
        until: time.nullable(),
        attempt: z.number().meta({ description: 'Of the step, as Temporal counts: each wait is one' }),
        calls: z.number().meta({ description: 'Calls to the provider that the step has made so far' }),
        provider_status: z.string().optional().meta({ description: "The provider's own word, of the latest poll" }),
      })
      .nullable(),
    cancel_requested: z.literal(true).optional().meta({ description: 'Its end was asked for, and has not come yet' }),
    stale: z.literal(true).optional().meta({ description: 'No worker answered: derived from what the server knows' }),
  })
  .meta({ description: 'The request as it is now' });

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  error: z.string().meta({ description: 'The class of the error, to tell problems apart by' }),
  instance: z.string().optional(),
  request_id: z.string().optional(),
  provider_request_id: z
    .string()
    .optional()
    .meta({ description: 'The id of the work at the provider, which may have done it' }),
  outcome: requestError.shape.outcome.unwrap().optional(),
  retried_by: z.string().optional().meta({ description: 'The request that repeats this one, which ended so' }),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export type Problem = z.output<typeof problem>;

/** The problem responses of a route, for its schema: each status and when it happens. */
export function problemResponses<const S extends Record<number, string>>(descriptions: S) {
  return Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
}
