import { z } from 'zod';
import { adoptedId, decidedBy, decisionReason, NOT_ADOPTED, UNKNOWN_DECISION } from '../client/resolution-input.ts';

const common = {
  by: decidedBy.nullish().meta({ description: 'Who decides. Default: `tenant:` and the tenant of the API key' }),
  reason: decisionReason.meta({ description: 'Why; kept in the history of the request' }),
};

export const resolutionBody = z
  .discriminatedUnion(
    'decision',
    [
      z.strictObject({
        decision: z.enum(['resubmit', 'abandon']).meta({
          description: 'resubmit: send it again, though the provider may have done it. abandon: end it as failed',
        }),
        provider_request_id: z.null(NOT_ADOPTED).optional(),
        ...common,
      }),
      z.strictObject({
        decision: z.literal('adopt').meta({ description: 'The provider has it: wait for that work' }),
        provider_request_id: adoptedId.meta({ description: "The provider's own id of the work" }),
        ...common,
      }),
    ],
    { error: ({ code }) => (code === 'invalid_union' ? UNKNOWN_DECISION : undefined) },
  )
  .meta({ description: "A person's decision on a request whose outcome is unknown" });
