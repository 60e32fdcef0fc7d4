import * as check from './checks.ts';
import { ENDPOINTS, type Endpoint } from './endpoint.ts';

/**
 * Every kind of fault and its parameters. "Executed": the call took effect first, as if nothing were wrong.
 * A fault strikes calls that passed the rate limit and, but for tokens, authentication.
 */
export interface FaultParameters {
  /** Answers `code`, not executed unless asked. `body`: a string as it is, else JSON; default an `error` detail. */
  status: { code: number; headers?: Record<string, string>; body?: unknown; executed?: boolean };
  /** Executed, with these headers added to the answer. */
  headers: { headers: Record<string, string> };
  /** Executed at once, answered `ms` later. */
  delay: { ms: number };
  /** Executed (`/process` only), with another duration (async only), or as a job that fails with `error`. */
  job: { durationMs?: number; error?: string };
  /** RST before the body is read. Not executed. */
  'reset-before-read': object;
  /** RST after the whole body was read. Not executed. */
  'reset-after-read': object;
  /** Executed, then RST. */
  'executed-no-answer': object;
  /** RST after the whole body was read, and executed `ms` later: as behind a queue of the provider's own. */
  'executed-late': { ms: number };
  /** Executed, never answered; the connection stays open. */
  'executed-hang': object;
  /** Executed; half of the answer's head, then RST. */
  'headers-then-reset': object;
  /** Executed; content-length of the whole body, half of it sent, then the end of the connection. Default `fin`. */
  'truncated-body': { end?: 'fin' | 'rst' };
  /** Executed; the body without its last character. */
  'broken-json': object;
  /** Executed; `bytes` of the body every `intervalMs`. */
  'slow-drip': { bytes: number; intervalMs: number };
  /** Not executed. Default code 302. */
  redirect: { location: string; code?: number };
  /** Executed; the body under another type. Default `text/html`. */
  'wrong-content-type': { contentType?: string };
  /** Executed. */
  'empty-body': object;
  /** 200 with `success: false`. Not executed. */
  'success-false': { error?: string };
  /** Executed; the answer's `status` is `word`, without result and time of completion. */
  'unknown-status-word': { word: string };
  /** Executed; the answer without `result` and `request_id`. */
  'no-result-no-id': object;
  /** Executed; the answer made `bytes` long by a member `padding`. */
  'oversized-body': { bytes: number };
}

export type FaultKind = keyof FaultParameters;
export type FaultOf<K extends FaultKind> = { [P in K]: { kind: P } & FaultParameters[P] }[K];
export type Fault = FaultOf<FaultKind>;

/** One line of the script. Lines are tried in order; the first that applies to a call is the fault it meets. */
export interface ScriptedFault {
  endpoint: Endpoint;
  /** A status call is matched by the key its job was submitted with. */
  match?: { idempotencyKey?: string };
  /** Matching calls to let through first. Default 0. */
  skip?: number;
  /** Calls to strike. Default 1; with `rate`, no end. */
  times?: number;
  /** Probability, 0 to 1, that a matching call is struck. */
  rate?: number;
  /** Of the random numbers behind `rate`, so that a run can be repeated. Default 1. */
  seed?: number;
  fault: Fault;
}

const { anything, flag, headerValue, headers, integer, milliseconds, number, object, oneOf, optional, text } = check;

const PARAMETERS: { readonly [K in FaultKind]: { readonly [P in keyof FaultParameters[K]]-?: check.Check } } = {
  status: {
    code: integer(200, 599),
    headers: optional(headers),
    body: optional(anything),
    executed: optional(flag),
  },
  headers: { headers },
  delay: { ms: milliseconds },
  job: { durationMs: optional(milliseconds), error: optional(text) },
  'reset-before-read': {},
  'reset-after-read': {},
  'executed-no-answer': {},
  'executed-late': { ms: milliseconds },
  'executed-hang': {},
  'headers-then-reset': {},
  'truncated-body': { end: optional(oneOf('fin', 'rst')) },
  'broken-json': {},
  'slow-drip': { bytes: integer(1, 2 ** 30), intervalMs: milliseconds },
  redirect: { location: headerValue, code: optional(integer(300, 399)) },
  'wrong-content-type': { contentType: optional(headerValue) },
  'empty-body': {},
  'success-false': { error: optional(text) },
  'unknown-status-word': { word: text },
  'no-result-no-id': {},
  'oversized-body': { bytes: integer(1, 2 ** 28) },
};

const SCRIPTED_FAULT: Record<keyof ScriptedFault, check.Check> = {
  endpoint: oneOf(...ENDPOINTS),
  match: optional(object),
  skip: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  times: optional(integer(1, Number.MAX_SAFE_INTEGER)),
  rate: optional(number(0, 1)),
  seed: optional(integer(0, 2 ** 32 - 1)),
  fault: object,
};

/** @throws {check.InvalidInput} naming what is wrong, as `faults[0].fault.ms`. */
export function parseScriptedFaults(values: unknown): ScriptedFault[] {
  if (!Array.isArray(values)) throw new check.InvalidInput('faults: expected an array of scripted faults');
  return values.map((value: unknown, index) => parseScriptedFault(value, `faults[${index}]`));
}

function parseScriptedFault(value: unknown, path: string): ScriptedFault {
  check.checkMembers(value, SCRIPTED_FAULT, path);
  const scripted = value as ScriptedFault;
  if (scripted.match) check.checkMembers(scripted.match, { idempotencyKey: optional(text) }, `${path}.match`);
  const kind = oneOf(...Object.keys(PARAMETERS));
  const parameters = kind.accepts(scripted.fault.kind) ? PARAMETERS[scripted.fault.kind] : undefined;
  // Without its kind nothing else of it can be judged.
  const fault = parameters ? scripted.fault : { kind: scripted.fault.kind };
  check.checkMembers(fault, { kind, ...parameters }, `${path}.fault`);
  return scripted;
}
