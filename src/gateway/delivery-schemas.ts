import { z } from 'zod';
import { decisionReason } from '../client/resolution-input.ts';
import { DELIVERY_STATUSES } from '../contract/values.ts';
import { EXAMPLE_ID } from './examples.ts';
import { upTo } from './read-schemas.ts';
import { time } from './wire-schemas.ts';

/** The bodies of the routes about deliveries. */

const TARGET = 'https://hooks.example.com';

export const redeliverBody = z
  .strictObject({ reason: decisionReason.meta({ description: 'Why; kept with the delivery' }) })
  .meta({ examples: [{ reason: 'the receiver is back' }] });

export const redeliveryResponse = z
  .object({
    success: z.literal(true),
    request_id: z.string(),
    webhook_id: z.string().meta({ description: 'The same as before, for the same end' }),
    target: z.string().meta({ description: 'The origin of its callback_url' }),
  })
  .meta({
    description: 'The delivery has begun anew, with an attempt at once',
    examples: [{ success: true, request_id: EXAMPLE_ID, webhook_id: `${EXAMPLE_ID}-mifkgq2r`, target: TARGET }],
  });

export const deliveriesQuery = z.strictObject({
  status: z.enum(DELIVERY_STATUSES).default('dead').meta({ description: 'What has become of them' }),
  limit: upTo(1_000, 100),
});

export const deliveriesResponse = z
  .object({
    deliveries: z.array(
      z.object({
        request_id: z.string(),
        status: z.enum(DELIVERY_STATUSES),
        request_status: z.string().meta({ description: 'How the request ended' }),
        target: z.string().meta({ description: 'The origin of its callback_url' }),
        started_at: time,
        ended_at: time.nullable(),
        attempts: z.number().nullable(),
        reason: z.string().nullable().meta({ description: 'Why the latest attempt did not deliver it' }),
        next_attempt_at: time.nullable(),
      }),
    ),
  })
  .meta({
    description: 'The latest first',
    examples: [
      {
        deliveries: [
          {
            request_id: EXAMPLE_ID,
            status: 'dead',
            request_status: 'completed',
            target: TARGET,
            started_at: '2026-11-23T17:50:41.430Z',
            ended_at: '2026-11-26T21:25:47.001Z',
            attempts: 10,
            reason: `${TARGET} answered 404`,
            next_attempt_at: null,
          },
        ],
      },
    ],
  });
