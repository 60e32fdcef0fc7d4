import type { IncomingMessage } from 'node:http';
import { type Answer, json, mediaType, problem } from './answer.ts';
import { isObject } from './checks.ts';
import { now } from './clock.ts';
import type { Effect } from './exchange.ts';
import type { FaultParameters } from './faults.ts';
import { type Job, resultOf } from './jobs.ts';
import type { LedgerEntry } from './ledger.ts';
import { processedDataOf, type ProcessedData } from './processed-data.ts';
import type { State } from './state.ts';

interface Submission {
  processedData: ProcessedData;
  async: boolean;
  callbackUrl: string | null;
}

/** `POST /process`: a result at once, or the id of an async job. */
export function processEffect(state: State, entry: LedgerEntry, req: IncomingMessage, body: Buffer): Effect {
  const submission = parseSubmission(req, body);
  if (typeof submission === 'string') return () => problem(400, submission);
  entry.bodySha256 = submission.processedData.sha256;
  return (job) => submit(state, entry, submission, job);
}

function submit(state: State, entry: LedgerEntry, submission: Submission, fault: FaultParameters['job']): Answer {
  const { settings, jobs } = state;
  const key = entry.idempotencyKey;
  const known = key !== null && settings.idempotency === 'honour' ? jobs.findByKey(key) : undefined;
  if (known && known.processedData.sha256 !== submission.processedData.sha256) {
    return problem(422, 'this Idempotency-Key was used with other data');
  }
  const job = known ?? execute(state, entry, submission, fault);
  entry.providerRequestId = job.requestId;
  return answerOf(job, settings.asyncStatusCode);
}

function execute(state: State, entry: LedgerEntry, submission: Submission, fault: FaultParameters['job']): Job {
  const createdAt = now();
  const durationMs = submission.async ? (fault.durationMs ?? state.settings.jobDurationMs) : 0;
  const job = state.jobs.create({
    idempotencyKey: entry.idempotencyKey,
    async: submission.async,
    processedData: submission.processedData,
    error: fault.error ?? null,
    createdAt,
    finishedAt: createdAt + durationMs,
  });
  entry.executed = true;
  if (submission.callbackUrl !== null) state.callbacks.schedule(job, submission.callbackUrl, state.settings);
  return job;
}

function answerOf(job: Job, asyncStatusCode: number): Answer {
  const request_id = job.requestId;
  if (job.async) return json(asyncStatusCode, { success: true, request_id });
  if (job.error !== null) return json(200, { success: false, error: job.error, request_id });
  return json(200, { success: true, result: resultOf(job), request_id });
}

/** A submission, or what is wrong with it. */
function parseSubmission(req: IncomingMessage, body: Buffer): Submission | string {
  if (mediaType(req) !== 'application/json') return 'the content type must be application/json';
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    return 'the body is not JSON';
  }
  if (!isObject(parsed)) return 'the body must be an object {data, options}';
  const { data, options = {} } = parsed;
  if (data === undefined || data === null) return 'data is missing';
  if (!isObject(options)) return 'options must be an object';
  const { async = false, callback_url = null } = options;
  if (typeof async !== 'boolean') return 'options.async must be true or false';
  if (!isCallbackUrl(callback_url)) return 'options.callback_url must be an absolute http or https URL';
  return { processedData: processedDataOf(data), async, callbackUrl: callback_url };
}

function isCallbackUrl(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && /^https?:/i.test(value) && URL.canParse(value));
}
