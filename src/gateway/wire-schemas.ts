import { z } from 'zod';
import { REQUEST_ID_PATTERN } from '../contract/names.ts';
import {
  CANCELLATION_OUTCOMES,
  DECISIONS,
  ERROR_TYPES,
  OUTCOMES,
  REQUEST_STATUSES,
  SOURCES,
  WAIT_REASONS,
} from '../contract/values.ts';
import { EXAMPLE_ID, EXAMPLE_WAIT } from './examples.ts';

/** The bodies of the gateway. Members that a response schema does not list never leave: it is the sanitiser. */

/** What is no id of ours is a 404, as an unknown one is: only the document has the pattern. */
export const requestIdParams = z.object({
  request_id: z.string().meta({ pattern: REQUEST_ID_PATTERN.source, examples: [EXAMPLE_ID] }),
});

const EXAMPLE_RESULT = {
  processed_data: { sha256: 'cbbb…', bytes: 16 },
  metadata: { processing_time: 0.2, version: '2.1' },
};

/** As the contract writes one. */
export const time = z.string().meta({ format: 'date-time' });

const result = z
  .object({
    processed_data: z.unknown(),
    metadata: z.object({
      processing_time: z.number().nullable().meta({ description: 'Seconds' }),
      version: z.string().nullable(),
    }),
    inexact: z
      .array(z.string())
      .optional()
      .meta({ description: 'Paths in processed_data of numbers that are not as the provider wrote them' }),
  })
  .meta({ id: 'Result' });

export const requestError = z
  .object({
    type: z.enum(ERROR_TYPES),
    message: z.string(),
    status_code: z.int().nullable(),
    retryable: z.boolean(),
    outcome: z.enum(OUTCOMES).nullable().meta({ description: 'What the provider may have done with the request' }),
  })
  .meta({ id: 'RequestError' });

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
  .meta({
    description: 'The result',
    examples: [{ success: true, result: EXAMPLE_RESULT, request_id: EXAMPLE_ID }],
  });

export const acceptedResponse = z.object({ success: z.literal(true), request_id: z.string() }).meta({
  description: 'Taken, and not finished yet. Location says where to ask, Retry-After when',
  examples: [{ success: true, request_id: EXAMPLE_ID }],
});

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
        attempt: z.int().meta({ description: 'Of the step, as Temporal counts: each wait is one' }),
        calls: z.int().meta({ description: 'Calls to the provider that the step has made so far' }),
        provider_status: z.string().optional().meta({ description: "The provider's own word, of the latest poll" }),
      })
      .nullable(),
    cancel_requested: z.literal(true).optional().meta({ description: 'Its end was asked for, and has not come yet' }),
    stale: z.literal(true).optional().meta({ description: 'No worker answered: derived from what the server knows' }),
  })
  .meta({
    id: 'RequestStatus',
    description: 'The request as it is now',
    examples: [
      {
        request_id: EXAMPLE_ID,
        status: 'submitting',
        created_at: '2026-11-23T17:50:41.406Z',
        updated_at: '2026-11-23T17:50:41.430Z',
        completed_at: null,
        deadline_at: '2026-11-23T18:50:41.406Z',
        provider_request_id: null,
        result: null,
        error: null,
        source: null,
        cached_at: null,
        cancellation: null,
        resolution: null,
        retry_of: null,
        retried_by: null,
        waiting_for: { ...EXAMPLE_WAIT, attempt: 2, calls: 1 },
      },
    ],
  });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    error: z.string().meta({ description: 'The class of the error, to tell problems apart by' }),
    instance: z.string().optional().meta({ description: 'Where to read the request', format: 'uri-reference' }),
    request_id: z.string().optional(),
    idempotency_key: z
      .string()
      .optional()
      .meta({ description: 'With it the same body is the same request, if that was taken' }),
    provider_request_id: z
      .string()
      .optional()
      .meta({ description: 'The id of the work at the provider, which may have done it' }),
    outcome: requestError.shape.outcome.unwrap().optional(),
    retried_by: z.string().optional().meta({ description: 'The request that repeats this one, which ended so' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457',
    examples: [
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'Invalid request: data: is required, and anything JSON but null',
        error: 'InvalidRequestError',
        errors: [{ path: 'data', message: 'is required, and anything JSON but null' }],
      },
    ],
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
