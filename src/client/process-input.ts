import { z } from 'zod';
import { DEFAULT_TARGETS, type TargetRules } from '../callbacks/target.ts';
import { DEFAULT_TENANT } from '../contract/names.ts';
import { MAX_INPUT_BYTES } from '../contract/limits.ts';
import type { ProcessInput, ProcessRequestArgs } from '../contract/request.ts';
import { canonicalJson, sha256 } from './canonical-json.ts';
import { RequestTooLargeError } from './client-errors.ts';
import { callbackUrl, idempotencyKey, name, requestData } from './request-members.ts';
import { abortSignal, anything, check, invalidRequest, oneOf, standardSchema, strict } from './strict-input.ts';
import {
  CACHE_USES,
  IDEMPOTENCIES,
  PRIORITIES,
  type CacheUse,
  type Idempotency,
  type Priority,
} from '../contract/values.ts';

const inputSchema = (targets: TargetRules) =>
  strict({
    data: requestData,
    options: strict({ async: z.boolean().optional(), callbackUrl: callbackUrl(targets).optional() }).optional(),
  });

const optionsSchema = strict({
  idempotencyKey: idempotencyKey.optional(),
  tenant: name.default(DEFAULT_TENANT),
  idempotency: oneOf(IDEMPOTENCIES).optional(),
  coalesce: z.boolean({ message: 'must be true or false' }).optional(),
  priority: oneOf(PRIORITIES).default('interactive'),
  kind: name.optional(),
  cache: oneOf(CACHE_USES).optional(),
  // The client reads these itself.
  cacheMaxAge: anything,
  deadline: anything,
  unknownHold: anything,
  signal: abortSignal,
  schema: standardSchema,
}).refine(({ coalesce, idempotencyKey: key }) => !(coalesce && key !== undefined), {
  path: ['coalesce'],
  message: 'goes without an idempotencyKey, which says itself what is the same request',
});

export interface CheckedInput {
  data: ProcessRequestArgs['data'];
  options: ProcessRequestArgs['options'];
  tenant: string;
  idempotencyKey: string | undefined;
  idempotency: Idempotency | null;
  priority: Priority;
  kind: string | null;
  cacheUse: CacheUse;
  /** SHA-256 of the canonical input. */
  inputHash: string;
}

/**
 * @param targets where its end may be delivered
 * @throws InvalidRequestError naming every problem, RequestTooLargeError
 */
export function checkInput(
  input: ProcessInput,
  options: z.input<typeof optionsSchema>,
  targets: Partial<TargetRules> = {},
): CheckedInput {
  const checked = inputSchema({ ...DEFAULT_TARGETS, ...targets }).safeParse(input);
  const identity = optionsSchema.safeParse(options);
  if (!checked.success || !identity.success) {
    throw invalidRequest([...(checked.error?.issues ?? []), ...(identity.error?.issues ?? [])]);
  }
  const request = {
    async: checked.data.options?.async ?? false,
    callbackUrl: checked.data.options?.callbackUrl ?? null,
  };
  const canonical = `{"data":${canonicalJson(input.data, 'data')},"options":${canonicalJson(request, 'options')}}`;
  const bytes = Buffer.byteLength(canonical);
  if (bytes > MAX_INPUT_BYTES) throw new RequestTooLargeError(bytes, MAX_INPUT_BYTES);
  const { tenant, idempotencyKey: key, idempotency = null, priority, kind = null } = identity.data;
  // Two equal requests with keys of their own are meant twice.
  const { cache: cacheUse = key === undefined ? 'read' : 'refresh' } = identity.data;
  const inputHash = sha256(canonical);
  const asked = { idempotencyKey: key, idempotency, priority, kind, cacheUse };
  return { data: input.data, options: request, tenant, ...asked, inputHash };
}

/** @throws InvalidRequestError */
export function checkTenant(tenant: string): void {
  check(z.object({ tenant: name }), { tenant });
}
