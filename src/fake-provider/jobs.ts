import { randomBytes } from 'node:crypto';
import { isoTime } from './clock.ts';
import type { ProcessedData } from './processed-data.ts';

/** One execution of `POST /process`. */
export interface Job {
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  readonly async: boolean;
  readonly processedData: ProcessedData;
  /** Why it ends as `failed`; null: it ends as `completed`. A cancel changes it. */
  error: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** A cancel brings it forward. */
  finishedAt: number;
}

interface JobResult {
  processed_data: ProcessedData;
  /** `processing_time` in seconds. */
  metadata: { processing_time: number; version: string };
}

/** The answer of `GET /status/{request_id}` and the body of a callback. `error` is there when the job failed. */
interface JobStatus {
  request_id: string;
  status: 'queued' | 'processing' | 'completed' | 'failed';
  result: JobResult | null;
  error?: string;
  created_at: string;
  completed_at: string | null;
}

export class Jobs {
  readonly #byId = new Map<string, Job>();
  readonly #firstByKey = new Map<string, Job>();

  create(job: Omit<Job, 'requestId'>): Job {
    const created = { requestId: `req_${randomBytes(10).toString('hex')}`, ...job };
    this.#byId.set(created.requestId, created);
    const key = created.idempotencyKey;
    if (key !== null && !this.#firstByKey.has(key)) this.#firstByKey.set(key, created);
    return created;
  }

  /** Ends a job that is under way as cancelled. False when it had finished. */
  cancel(requestId: string, nowMs: number): boolean {
    const job = this.#byId.get(requestId);
    if (job === undefined || nowMs >= job.finishedAt) return false;
    job.finishedAt = nowMs;
    job.error = 'cancelled by the caller';
    return true;
  }

  find(requestId: string): Job | undefined {
    return this.#byId.get(requestId);
  }

  /** All that were submitted with this Idempotency-Key. */
  allWithKey(idempotencyKey: string): Job[] {
    return [...this.#byId.values()].filter((job) => job.idempotencyKey === idempotencyKey);
  }

  /** The job that was first submitted with this Idempotency-Key. */
  findByKey(idempotencyKey: string): Job | undefined {
    return this.#firstByKey.get(idempotencyKey);
  }
}

export function resultOf(job: Job): JobResult {
  const seconds = (job.finishedAt - job.createdAt) / 1000;
  return { processed_data: job.processedData, metadata: { processing_time: seconds, version: '2.1' } };
}

/** The job as it is at `nowMs`: queued for a tenth of its time, then processing, then finished. */
export function statusOf(job: Job, nowMs: number): JobStatus {
  const common = { request_id: job.requestId, created_at: isoTime(job.createdAt) };
  if (nowMs < job.finishedAt) {
    const isQueued = nowMs < job.createdAt + (job.finishedAt - job.createdAt) / 10;
    return { ...common, status: isQueued ? 'queued' : 'processing', result: null, completed_at: null };
  }
  const completed_at = isoTime(job.finishedAt);
  return job.error === null
    ? { ...common, status: 'completed', result: resultOf(job), completed_at }
    : { ...common, status: 'failed', result: null, error: job.error, completed_at };
}
