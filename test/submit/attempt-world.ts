import type { SubmitInput, SubmitProgress } from '../../src/contract/activities.ts';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import type { Idempotency } from '../../src/contract/values.ts';
import type { ProcessReply } from '../../src/provider/provider-client.ts';
import { attempt, type AttemptDeps, type AttemptEnd, type AttemptFacts } from '../../src/submit/attempt.ts';
import type { Recorded } from '../../src/submit/intent-log.ts';
import { NOTHING_SUBMITTED, type EarlierFailure } from '../../src/submit/progress.ts';

const INPUT: SubmitInput = {
  version: 1,
  requestId: 'req_1',
  data: 1,
  options: { async: false },
  idempotency: null,
  priority: 'interactive',
};
const REPLY: ProcessReply = { providerRequestId: 'job-1', result: null, retryAfterMs: null };

/** What the provider does with a call once its first byte has left, or before. */
export type Met = 'reply' | FailureName;

/** A provider that counts what it may have executed, and a server that answers records as it is told. */
export class World {
  mode: Idempotency = 'none';
  met: Met = 'reply';
  recorded: Recorded = 'recorded';
  isCancelled = false;
  remainingMs = 600_000;
  now = 1_000_000;
  keyMs: number | undefined;
  elapsedMs = 0;
  /** A heartbeat went out before the call. */
  hasRecorded = false;
  /** Calls whose first byte left, and those that were called repeats. */
  sent = 0;
  repeats = 0;
  /** What each of them was told of the calls before it. */
  retryCounts: number[] = [];
  records: SubmitProgress[] = [];
  asked = 0;

  readonly #deps = (progress: SubmitProgress): AttemptDeps => ({
    policy: { maxRetries: 3, retryDelayMs: 10, idempotency: this.mode, keyMs: this.keyMs },
    random: () => 0.5,
    log: {
      hasRecorded: this.hasRecorded,
      record: async () => {
        if (this.recorded === 'recorded') this.records.push({ ...progress });
        return this.recorded;
      },
    },
    provider: {
      isDown: false,
      process: async (_call, { beforeSend, repeated, count }) => {
        const row = this.met === 'reply' ? null : FAILURES[this.met];
        if (row?.outcome === 'never-sent') throw failed(this.met as FailureName);
        await beforeSend?.();
        this.sent += 1;
        this.retryCounts.push(count?.('submit') ?? 0);
        if (repeated) this.repeats += 1;
        if (this.met !== 'reply') throw failed(this.met);
        return REPLY;
      },
    },
  });

  async attempt(
    progress: SubmitProgress,
    facts: { hasRecord?: boolean; isFirst?: boolean; lastFailure?: EarlierFailure | null } = {},
    input: Partial<SubmitInput> = {},
  ): Promise<AttemptEnd> {
    const { hasRecord = false, isFirst = true, lastFailure = null } = facts;
    const known: AttemptFacts = {
      hasRecord,
      isFirst,
      lastFailure: async () => {
        this.asked += 1;
        return lastFailure;
      },
      isCancelled: () => this.isCancelled,
      scheduledAt: 1_000_000,
      now: () => this.now,
      remainingMs: () => this.remainingMs,
      elapsedMs: () => this.elapsedMs,
    };
    return await attempt({ ...INPUT, ...input }, progress, known, this.#deps(progress));
  }
}

function failed(name: FailureName) {
  const { type, outcome } = FAILURES[name];
  return createExternalAPIError(type, name, { failure: name, outcome });
}

export function world(set: Partial<World> = {}): World {
  return Object.assign(new World(), set);
}

export const fresh = (): SubmitProgress => ({ ...NOTHING_SUBMITTED });
export const died: EarlierFailure = { kind: 'timeout', details: null };
export const LATER = { hasRecord: true, isFirst: false };
export const UNRECORDED = { hasRecord: false, isFirst: false };
