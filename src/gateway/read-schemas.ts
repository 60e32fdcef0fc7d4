import { z } from 'zod';
import { MAX_DECISION_REASON } from '../contract/limits.ts';
import { ERROR_TYPES, LIST_STATUSES, REQUEST_STATUSES, WAIT_REASONS } from '../contract/values.ts';
import { requestError } from './wire-schemas.ts';

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
    examples: [30],
  }),
});

export const statusHeaders = z.looseObject({
  'if-none-match': z
    .string()
    .optional()
    .meta({
      description:
        'The ETag of the latest answer: 304 if it has not changed, and with `wait` what is waited for a change of',
      examples: ['W/"JrVm9G2Kq3hP0sXbQ7yZ1A"'],
    }),
});

export const eventsHeaders = z.looseObject({
  'last-event-id': z
    .string()
    .optional()
    .meta({
      description: 'The id of the latest event: only what changed since is told',
      examples: ['W/"JrVm9G2Kq3hP0sXbQ7yZ1A"'],
    }),
});

const dateTime = (what: string) =>
  z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-23T17:50:41Z' })
    .transform((text) => new Date(text))
    .meta({ description: what, type: 'string', format: 'date-time', examples: ['2026-11-23T17:50:41Z'] });

const MOST_LISTED = 100;
const LIMIT = `must be a whole number from 1 to ${MOST_LISTED}`;

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
  limit: z
    .string()
    .refine((text) => /^[1-9]\d{0,2}$/.test(text) && Number(text) <= MOST_LISTED, LIMIT)
    .transform(Number)
    .optional()
    .meta({ description: 'At most so many', type: 'integer', minimum: 1, maximum: MOST_LISTED, examples: [20] }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the list before, with the same filters' }),
});

export const requestsResponse = z
  .object({
    requests: z.array(
      z.object({
        request_id: z.string(),
        status: z.enum(LIST_STATUSES),
        created_at: z.string().meta({ format: 'date-time' }),
        completed_at: z.string().nullable().meta({ format: 'date-time' }),
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
    since: z.string().nullable().meta({ format: 'date-time' }),
    until: z.string().nullable().meta({ format: 'date-time' }),
    sentence: z.string().meta({ description: 'All of it, for a person' }),
  })
  .meta({
    description: 'Why the request is where it is',
    examples: [
      {
        request_id: 'req_H9E1MVPPHDGSTGX4ZTC0X9H5RK',
        status: 'submitting',
        reason: 'cool_down',
        since: '2026-11-23T17:50:41.449Z',
        until: '2026-11-23T17:51:01.449Z',
        sentence: 'It waits until 2026-11-23T17:51:01.449Z, because the provider takes no calls.',
      },
    ],
  });
