import { z } from 'zod';
import { DEFAULT_TENANT } from '../contract/names.ts';
import { MAX_INPUT_BYTES } from '../contract/limits.ts';
import type { ProcessInput, ProcessRequestArgs } from '../contract/request.ts';
import { canonicalJson, sha256 } from './canonical-json.ts';
import { InvalidRequestError, RequestTooLargeError } from './client-errors.ts';
import { invalidRequest, strict } from './strict-input.ts';
import {
  CACHE_USES,
  IDEMPOTENCIES,
  PRIORITIES,
  type CacheUse,
  type Idempotency,
  type Priority,
} from '../contract/values.ts';

const callbackUrl = z.string().refine(isCallbackUrl, {
  message: 'must be an absolute http or https URL without credentials, at most 2048 characters',
});

// `data` is checked by canonicalJson, which walks it anyway.
const inputSchema = strict({
  data: z.custom((data) => data !== undefined && data !== null, { message: 'is required, and anything JSON but null' }),
  options: strict({ async: z.boolean().optional(), callbackUrl: callbackUrl.optional() }).optional(),
});

const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { message: 'must be 1 to 255 visible ASCII characters without spaces' });

const tenantSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  message: 'must be 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first',
});

function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { message: `must be one of: ${words.join(', ')}` });
}

const optionsSchema = strict({
  idempotencyKey: keySchema.optional(),
  tenant: tenantSchema.default(DEFAULT_TENANT),
  idempotency: oneOf(IDEMPOTENCIES).optional(),
  coalesce: z.boolean({ message: 'must be true or false' }).optional(),
  priority: oneOf(PRIORITIES).default('interactive'),
  kind: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
      message: 'must be 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first',
    })
    .optional(),
  cache: oneOf(CACHE_USES).default('read'),
  // The client reads these itself.
  deadline: z.unknown().optional(),
  unknownHold: z.unknown().optional(),
  signal: z.unknown().optional(),
}).refine(({ coalesce, idempotencyKey }) => !(coalesce && idempotencyKey !== undefined), {
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

/** @throws InvalidRequestError naming every problem, RequestTooLargeError */
export function checkInput(input: ProcessInput, options: z.input<typeof optionsSchema>): CheckedInput {
  const checked = inputSchema.safeParse(input);
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
  const { tenant, idempotencyKey, idempotency = null, priority, kind = null, cache: cacheUse } = identity.data;
  const inputHash = sha256(canonical);
  const asked = { idempotencyKey, idempotency, priority, kind, cacheUse };
  return { data: input.data, options: request, tenant, ...asked, inputHash };
}

/** @throws InvalidRequestError */
export function checkTenant(tenant: string): void {
  const checked = tenantSchema.safeParse(tenant);
  if (!checked.success)
    throw new InvalidRequestError(checked.error.issues.map(({ message }) => ({ path: 'tenant', message })));
}

/** Whether the provider can be told to call this: an absolute http(s) URL without credentials, of at most 2048 characters. */
export function isCallbackUrl(text: string): boolean {
  if (text.length > 2048 || !URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
