import type { WorkflowHandle } from '@temporalio/client';
import { FAILURES, type ErrorDetails, type FailureName } from '../contract/failures.ts';
import type { RequestMemo } from '../contract/names.ts';
import {
  initialState,
  type JsonValue,
  type ProcessRequestArgs,
  type ProcessResult,
  type RequestState,
  type Resolution,
} from '../contract/request.ts';
import { isTerminal, type Attention, type ErrorType, type FailedStatus } from '../contract/values.ts';
import { requestFailure } from '../workflows/request-failure.ts';
import { reduce, type RequestEvent } from '../workflows/request-state.ts';
import { failureOf, payloadsOf } from './temporal-messages.ts';

/** How a request of the fake client fares. */
export type FakeAnswer =
  /** The provider works on it, until it is told more by `settle`. */
  | { status: 'processing'; providerRequestId?: string }
  | { status: 'completed'; processedData: JsonValue; metadata?: Partial<ProcessResult['metadata']> }
  | FakeFailure;

interface FakeFailure {
  status: FailedStatus | 'outcome_unknown';
  /** A row of the failure table: says the class of the error, and whether a retry may help. */
  failure: FailureName;
  message?: string;
  statusCode?: number;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

const CODES = { running: 1, completed: 2, failed: 3, cancelled: 4 } as const;

/** One request, as a workflow of the fake client's server. No time passes in it. */
export class FakeRequest {
  readonly args: ProcessRequestArgs;
  readonly memo: RequestMemo;
  readonly startedAt = new Date();
  /** Its end, as the history has it; resolves with it. */
  readonly closed: Promise<HistoryEvent>;
  #state: RequestState;
  #attention: Attention | null = null;
  #end: HistoryEvent | null = null;
  #changes = 0;
  #changed: Promise<void>;
  #tellChange: () => void = () => {};
  #close: (event: HistoryEvent) => void = () => {};

  constructor(args: ProcessRequestArgs, memo: RequestMemo, answer: FakeAnswer) {
    this.args = args;
    this.memo = { ...memo };
    this.closed = new Promise((resolve) => (this.#close = resolve));
    this.#changed = this.#nextChange();
    const deadlineAt = this.#after(args.deadlineMs);
    this.#state = { ...initialState(args.requestId, this.startedAt.toISOString()), deadlineAt };
    // Work that a retry adopts is the provider's already.
    if (args.adopt !== null) this.#apply({ type: 'submitted', providerRequestId: args.adopt });
    this.become(answer);
  }

  get state(): RequestState {
    return this.#state;
  }

  get end(): HistoryEvent | null {
    return this.#end;
  }

  /** The search attribute. */
  get attention(): Attention | null {
    return this.#attention;
  }

  /** `temporal.api.enums.v1.WorkflowExecutionStatus`. */
  get statusCode(): number {
    const { status } = this.#state;
    if (!isTerminal(status)) return CODES.running;
    return status === 'timed_out' ? CODES.failed : CODES[status];
  }

  /** How often its state has changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Resolves when its state has changed more often than so. */
  async changedSince(changes: number): Promise<void> {
    while (this.#changes <= changes && this.#end === null) await this.#changed;
  }

  become(answer: FakeAnswer): void {
    switch (answer.status) {
      case 'processing': {
        const providerRequestId =
          answer.providerRequestId ?? this.#state.providerRequestId ?? `job-of-${this.args.requestId}`;
        return this.#apply({ type: 'submitted', providerRequestId });
      }
      case 'completed': {
        const { processedData, metadata } = answer;
        const result = { processedData, metadata: { processingTime: 0, version: 'fake', ...metadata } };
        this.#apply({ type: 'completed', result, cancellation: null });
        return this.#closeWith({ workflowExecutionCompletedEventAttributes: { result: payloadsOf(this.#state) } });
      }
      default:
        return this.#fail(answer);
    }
  }

  cancel(): void {
    const cancellation = this.#state.status === 'outcome_unknown' ? 'outcome_unknown' : 'no_longer_watched';
    this.#apply({ type: 'cancelled', cancellation });
    this.memo.endState = this.#state;
    this.#closeWith({ workflowExecutionCanceledEventAttributes: {} });
  }

  /**
   * Carries a decision on an unknown outcome out.
   * @param resubmitted what becomes of it when it is sent again
   * @returns the state in which the decision was taken
   */
  decide(resolution: Resolution, resubmitted: () => FakeAnswer): RequestState {
    const { decision, providerRequestId, by, reason } = resolution;
    const question = this.#state.error?.message;
    this.#apply({ type: 'resolved', resolution });
    const decided = this.#state;
    if (decision === 'abandon') {
      this.#closeFailed(
        'failed',
        'OutcomeUnknown',
        `Abandoned by ${by} (${reason}). The provider may have done the work. ${question}`,
        { outcome: 'ambiguous' },
      );
    } else if (providerRequestId === null) {
      this.#attention = null;
      this.become(resubmitted());
    } else {
      this.#attention = null;
      this.#apply({ type: 'submitted', providerRequestId });
    }
    return decided;
  }

  #fail({ status, failure, message, statusCode: seen }: FakeFailure): void {
    const { outcome, next, type } = FAILURES[failure];
    const statusCode = seen ?? null;
    const said = message ?? `The fake client was told so: ${failure}`;
    const providerRequestId = this.#state.providerRequestId;
    if (status === 'outcome_unknown') {
      const { error } = requestFailure('failed', 'OutcomeUnknown', said, { failure, statusCode, outcome: 'ambiguous' });
      const holdUntil = this.#after(this.args.unknownHoldMs ?? this.args.deadlineMs);
      this.#apply({ type: 'outcome_unknown', error, holdUntil });
      this.#attention = 'outcome_unknown';
      return;
    }
    const undone = outcome === 'never-sent' || outcome === 'refused';
    const retryable = undone && next !== 'final' && providerRequestId === null;
    const known = { failure, statusCode, outcome, retryable, providerRequestId };
    const late = type === 'APIRateLimitError' ? type : 'APITimeoutError';
    this.#closeFailed(status, status === 'timed_out' ? late : type, said, known);
  }

  #closeFailed(status: FailedStatus, type: ErrorType, message: string, known: Partial<ErrorDetails>): void {
    const { error, details } = requestFailure(status, type, message, known);
    this.#apply({ type: status, error, providerRequestId: details.providerRequestId, cancellation: null });
    this.#attention = status;
    const failure = failureOf(message, type, details, this.#state);
    this.#closeWith({ workflowExecutionFailedEventAttributes: { failure } });
  }

  #apply(event: RequestEvent): void {
    this.#state = reduce(this.#state, event, new Date().toISOString());
    this.#changes += 1;
    this.#tellChange();
    this.#changed = this.#nextChange();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#tellChange = resolve));
  }

  #closeWith(event: HistoryEvent): void {
    this.#end = event;
    this.#close(event);
  }

  #after(ms: number): string {
    return new Date(Date.now() + ms).toISOString();
  }
}
