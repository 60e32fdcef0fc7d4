import { z } from 'zod';
import { MAX_CALLED_BY, MAX_DECIDED_BY, MAX_DECISION_REASON } from '../contract/limits.ts';
import { PROVIDER_REQUEST_ID_PATTERN, PROVIDER_REQUEST_ID_SHAPE } from '../contract/names.ts';
import { BULK_DECISIONS, DECISIONS } from '../contract/values.ts';
import { InvalidRequestError } from './client-errors.ts';
import type { ResolveOptions } from './resolve-request.ts';
import { anything, check, strict } from './strict-input.ts';

/** The members of a decision. Who and why stay readable in the history and in every later status, so they are bounded. */

const WHY = `must say why, in at most ${MAX_DECISION_REASON} characters`;

function whoDecides(max: number) {
  const message = `must say who decides, in at most ${max} characters`;
  return z.string(message).regex(/\S/, message).max(max, message);
}

export const decidedBy = whoDecides(MAX_DECIDED_BY);
export const decisionReason = z.string(WHY).regex(/\S/, WHY).max(MAX_DECISION_REASON, WHY);

const ADOPTED = `is the provider's id of the work: ${PROVIDER_REQUEST_ID_SHAPE}`;
const NOT_ADOPTED = 'goes with adopt only';
const UNKNOWN_DECISION = `must be one of: ${DECISIONS.join(', ')}`;

/** A decision as it comes over HTTP. @param by who decides */
function decision<By extends z.ZodType>(by: By) {
  const common = { by, reason: decisionReason.meta({ description: 'Why; kept in the history of the request' }) };
  return z
    .discriminatedUnion(
      'decision',
      [
        z.strictObject({
          decision: z.enum(BULK_DECISIONS).meta({
            description: 'resubmit: send it again, though the provider may have done it. abandon: end it as failed',
          }),
          provider_request_id: z.null(NOT_ADOPTED).optional(),
          ...common,
        }),
        z.strictObject({
          decision: z.literal('adopt').meta({ description: 'The provider has it: wait for that work' }),
          provider_request_id: z
            .string(ADOPTED)
            .regex(PROVIDER_REQUEST_ID_PATTERN, ADOPTED)
            .meta({ description: "The provider's own id of the work" }),
          ...common,
        }),
      ],
      { error: ({ code }) => (code === 'invalid_union' ? UNKNOWN_DECISION : undefined) },
    )
    .meta({ description: "A person's decision on a request whose outcome is unknown" });
}

/** The gateway's body: an API key may stand for who decides. */
export const resolutionBody = decision(
  whoDecides(MAX_CALLED_BY)
    .nullish()
    .meta({ description: 'Who decides, as the caller says; it is kept beside the tenant of the API key' }),
);

const complete = decision(decidedBy);
const members = strict({ decision: anything, providerRequestId: anything, by: anything, reason: anything });

/** @throws InvalidRequestError naming every problem */
export function checkResolution(options: ResolveOptions): void {
  check(members, options);
  const { decision: decided, providerRequestId, by, reason } = options;
  const named = providerRequestId !== undefined && { provider_request_id: providerRequestId };
  const checked = complete.safeParse({ decision: decided, by, reason, ...named });
  if (checked.success) return;
  const problems = checked.error.issues.map(({ path, message }) => ({
    path: path.join('.').replace('provider_request_id', 'providerRequestId'),
    message,
  }));
  throw new InvalidRequestError(problems);
}
