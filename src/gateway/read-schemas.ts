import { z } from 'zod';
import { MAX_DECISION_REASON } from '../contract/limits.ts';
import { ERROR_TYPES, LIST_STATUSES, REQUEST_STATUSES, WAIT_REASONS } from '../contract/values.ts';
import { EXAMPLE_ID, EXAMPLE_TAG, EXAMPLE_WAIT } from './examples.ts';
import { requestError, time } from './wire-schemas.ts';

/** What requests are read with. */

/** Seconds; a proxy in front of the gateway rarely lets an answer take longer than a minute. */
const LONGEST_WAIT_S = 60;

/** Seconds as a query has them. */
const waitSeconds = z
  .string()
  .refine(
    (text) => /^\d{1,2}$/.test(text) && Number(text) <= LONGEST_WAIT_S,
    `must be a whole number of seconds from 0 to ${LONGEST_WAIT_S}`,
  )
  .transform(Number);

export const statusQuery = z.strictObject({
  wait: waitSeconds.optional().meta({
    description: `Answers at the next change of the request, or after so many seconds, at most ${LONGEST_WAIT_S}`,
    type: 'integer',
    minimum: 0,
    maximum: LONGEST_WAIT_S,
  }),
});

export const statusHeaders = z.looseObject({
  'if-none-match': z
    .string()
    .optional()
    .meta({
      description:
        'The ETag of the latest answer: 304 if it has not changed, and with `wait` what is waited for a change of',
      examples: [EXAMPLE_TAG],
    }),
});

export const eventsHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .optional()
    .meta({
      description: 'The id of the latest event: only what changed since is told',
      examples: [EXAMPLE_TAG],
    }),
});

const dateTime = (what: string) =>
  z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-23T17:50:41Z' })
    .transform((text) => new Date(text))
    .meta({ description: what, type: 'string', format: 'date-time' });

/** How many a list shows, as a query has it. */
export function upTo(most: number, usual: number) {
  return z
    .string()
    .refine((text) => /^[1-9]\d{0,3}$/.test(text) && Number(text) <= most, `must be a whole number from 1 to ${most}`)
    .transform(Number)
    .default(usual)
    .meta({ description: `At most so many. Default: ${usual}`, type: 'integer', minimum: 1, maximum: most });
}

export const requestsQuery = z.strictObject({
  status: z.enum(LIST_STATUSES).optional().meta({ description: 'Only these' }),
  since: dateTime('Only requests that started, or ended, then or later').optional(),
  ended_since: dateTime('Only requests that ended then or later').optional(),
  error: z.enum(ERROR_TYPES).optional().meta({ description: 'Only requests that ended with an error of this type' }),
  errors: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .meta({ description: 'Whether to say how each that failed ended', type: 'boolean' }),
  limit: upTo(100, 20),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the list before, with the same filters' }),
});

export const requestsResponse = z
  .object({
    requests: z.array(
      z.object({
        request_id: z.string(),
        status: z.enum(LIST_STATUSES),
        created_at: time,
        completed_at: time.nullable(),
        retry_of: z.string().nullable(),
        error: requestError.optional(),
      }),
    ),
    next_cursor: z.string().nullable().meta({ description: 'null: these are all' }),
  })
  .meta({ description: 'The requests of the caller: the running ones first, then the latest ended' });

const REASON = `must be a text of at most ${MAX_DECISION_REASON} characters`;

export const cancelBody = z
  .strictObject({
    reason: z
      .string(REASON)
      .max(MAX_DECISION_REASON, REASON)
      .optional()
      .meta({ description: 'Why; kept in the history of the request' }),
  })
  .nullish()
  .meta({ examples: [{ reason: 'the order was withdrawn' }, {}] });

export const whyResponse = z
  .object({
    request_id: z.string(),
    status: z.enum(REQUEST_STATUSES),
    reason: z.enum(WAIT_REASONS).nullable().meta({ description: 'null: it waits for nothing' }),
    since: time.nullable(),
    until: time.nullable(),
    sentence: z.string().meta({ description: 'All of it, for a person' }),
  })
  .meta({
    description: 'Why the request is where it is',
    examples: [
      {
        request_id: EXAMPLE_ID,
        status: 'submitting',
        ...EXAMPLE_WAIT,
        sentence: `It waits until ${EXAMPLE_WAIT.until}, because the provider takes no calls.`,
      },
    ],
  });
