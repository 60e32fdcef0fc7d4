import { z } from 'zod';
import { everyInexact } from '../contract/exact-json.ts';
import { isProviderRequestId } from '../contract/names.ts';
import type { FailureName } from '../contract/failures.ts';
import type { JsonValue, ProcessResult } from '../contract/request.ts';
import { failureOfTokenError } from './call-failure.ts';
import { errorDetail, errorOf, sanitize } from './error-detail.ts';

/** The provider took the work: with a result, with its id for it, or with both. */
export interface ProcessReply {
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Milliseconds, from Retry-After. */
  retryAfterMs: number | null;
}

export type StatusPhase = 'waiting' | 'completed' | 'failed' | 'unknown';

export interface StatusReply {
  providerRequestId: string;
  /** The provider's own word, at most 64 characters. */
  status: string;
  phase: StatusPhase;
  /** Null also while the work is completed and its result is not there yet. */
  result: ProcessResult | null;
  error: string | null;
  /** ISO 8601, UTC; null when the provider gave none that could be read. */
  createdAt: string | null;
  completedAt: string | null;
  retryAfterMs: number | null;
}

export interface TokenReply {
  accessToken: string;
  /** Seconds, unbounded; null when the reply does not say. */
  expiresIn: number | null;
}

/** What a 2xx means: a value, or a row of the failure table and why. */
export type Reading<T> = { value: T } | { failure: FailureName; message: string; providerRequestId?: string | null };

const PHASES: ReadonlyMap<string, StatusPhase> = new Map(
  Object.entries({
    queued: 'waiting',
    pending: 'waiting',
    processing: 'waiting',
    running: 'waiting',
    completed: 'completed',
    succeeded: 'completed',
    failed: 'failed',
    cancelled: 'failed',
    canceled: 'failed',
    error: 'failed',
  } as const),
);

const providerRequestId = z.string().refine(isProviderRequestId).nullable().catch(null);

const result = z
  .object({
    processed_data: z.unknown(),
    metadata: z
      .object({ processing_time: z.number().nullable().catch(null), version: z.string().nullable().catch(null) })
      .catch({ processing_time: null, version: null }),
  })
  .transform(({ processed_data, metadata }): ProcessResult => ({
    // It came out of JSON.parse.
    processedData: processed_data as JsonValue,
    metadata: { processingTime: metadata.processing_time, version: metadata.version },
  }))
  .nullable()
  .catch(null);

/** ISO 8601; a time without an offset is UTC, as everything in the contract. */
const time = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`).toISOString())
  .nullable()
  .catch(null);

const success = z.boolean().catch(true);

const processReply = z.object({ success, request_id: providerRequestId, result });

const statusReply = z.object({
  success,
  request_id: z.string().nullable().catch(null),
  status: z.string(),
  result,
  created_at: time,
  completed_at: time,
});

/** Longer than any that servers take in a header. */
const LONGEST_TOKEN = 16 * 1024;

const tokenReply = z.object({
  // What may stand in a header after "Bearer ".
  access_token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .max(LONGEST_TOKEN),
  // Required by RFC 6749, but left out by some; there is no other type we could use.
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .nullish(),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?$/)
        .transform(Number),
    ])
    .nullable()
    .catch(null),
});

export function readProcessReply(
  body: string,
  retryAfterMs: number | null,
  secrets: readonly string[],
): Reading<ProcessReply> {
  const json = parseObject(body);
  const reply = processReply.safeParse(json).data;
  if (reply === undefined) return unreadable('it is not a JSON object');
  if (!reply.success) return reportedFailure(json, secrets, reply.request_id);
  if (reply.result === null && reply.request_id === null)
    return unreadable('neither a usable result nor a usable request_id');
  return { value: { providerRequestId: reply.request_id, result: marked(reply.result, body), retryAfterMs } };
}

export function readStatusReply(
  { statusCode, body }: { statusCode: number; body: string },
  askedFor: string,
  retryAfterMs: number | null,
  secrets: readonly string[],
): Reading<StatusReply> {
  const json = parseObject(body);
  const reply = statusReply.safeParse(json).data;
  if (reply === undefined) {
    const refused = success.parse(json?.success) === false;
    if (refused) return reportedFailure(json, secrets, askedFor);
    // "Accepted", "No Content": nothing to tell yet.
    if (statusCode === 202 || statusCode === 204) return { value: stillWorking(askedFor, statusCode, retryAfterMs) };
    return unreadable(json === null ? 'it is not a JSON object' : 'it has no status');
  }
  if (!reply.success) return reportedFailure(json, secrets, askedFor);
  if (reply.request_id !== null && reply.request_id !== askedFor) return unreadable('it is about another request_id');
  const word = PHASES.get(reply.status.trim().toLowerCase()) ?? 'unknown';
  // A word that we do not know, for work that is plainly done.
  const phase = word === 'unknown' && reply.result !== null && reply.completed_at !== null ? 'completed' : word;
  return {
    value: {
      providerRequestId: askedFor,
      status: sanitize(reply.status, secrets).slice(0, 64),
      phase,
      result: marked(reply.result, body),
      error: errorDetail(json, secrets),
      createdAt: reply.created_at,
      completedAt: reply.completed_at,
      retryAfterMs,
    },
  };
}

export function readTokenReply({ body }: { body: string }, secrets: readonly string[]): Reading<TokenReply> {
  const json = parseObject(body);
  if (json === null) return unreadable('it is not a JSON object');
  const reply = tokenReply.safeParse(json).data;
  if (reply === undefined) {
    // Some servers refuse with a 200.
    const error = errorOf(json, secrets);
    if (error.detail !== null) return { failure: failureOfTokenError(error), message: error.detail };
    return unreadable(whyNoToken(json));
  }
  return { value: { accessToken: reply.access_token, expiresIn: reply.expires_in } };
}

/** Without a word of what it says instead. */
function whyNoToken(json: object): string {
  const { access_token: token, token_type: type } = json as { access_token?: unknown; token_type?: unknown };
  if (typeof token !== 'string' || token === '') return 'it has no access_token';
  if (token.length > LONGEST_TOKEN) {
    return `its access_token has ${token.length} characters, and at most ${LONGEST_TOKEN} can be sent in a header`;
  }
  if (!tokenReply.shape.access_token.safeParse(token).success) {
    return 'its access_token cannot be sent in a header: expected visible ASCII characters';
  }
  return `its token_type is ${typeof type === 'string' ? 'another one' : 'no string'}: expected Bearer`;
}

/** More are not told. */
const MOST_PATHS = 20;
/** And not in a member whose name begins so. */
const IN_PROCESSED_DATA = /^result\.processed_data(?:\.|(?=\[)|$)/;
/** Of a reply that is full of them no more are looked at. */
const MOST_INEXACT = 1_000;
/** Only such a text can hold a number that a double does not keep: no text in quotes begins so, such as a hash. */
const LONG_NUMBER = /[:,[\s]-?(?:[\d.]{16}|[\d.]+[eE])/;

/** The result, with what JavaScript could not keep of the provider's numbers. */
function marked(given: ProcessResult | null, body: string): ProcessResult | null {
  if (given === null || !LONG_NUMBER.test(body)) return given;
  const inexact: string[] = [];
  let seen = 0;
  for (const { what, path } of everyInexact(body)) {
    if (++seen > MOST_INEXACT) break;
    if (what !== 'number' || !IN_PROCESSED_DATA.test(path)) continue;
    inexact.push(path.replace(IN_PROCESSED_DATA, ''));
    if (inexact.length === MOST_PATHS) break;
  }
  return inexact.length === 0 ? given : { ...given, inexact };
}

function stillWorking(askedFor: string, statusCode: number, retryAfterMs: number | null): StatusReply {
  return {
    providerRequestId: askedFor,
    status: `HTTP ${statusCode}`,
    phase: 'waiting',
    result: null,
    error: null,
    createdAt: null,
    completedAt: null,
    retryAfterMs,
  };
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function unreadable(why: string): { failure: FailureName; message: string } {
  return { failure: 'unreadableReply', message: `Unreadable reply: ${why}` };
}

function reportedFailure(json: unknown, secrets: readonly string[], id: string | null): Reading<never> {
  const detail = errorDetail(json, secrets);
  const message = `The provider reported a failure${detail === null ? '' : `: ${detail}`}`;
  return { failure: 'reportedFailure', message, providerRequestId: id };
}
