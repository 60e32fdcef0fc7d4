import type { CancellationOutcome, RequestStatus } from 'durable-external-api';
import type { LedgerEntry } from 'durable-external-api/testing';
import type { Found } from '#product/contract/activities.js';
import type { CallbackSeen } from './callback-kinds.ts';
import type { Callback, DeliveryEvidence } from './receiver-kinds.ts';

/** What a lost reply leads to: `key` sends again, `none` waits for a person, `lookup` asks for our reference. */
export type Mode = 'key' | 'none' | 'lookup';

/** What is planned for a request. `submits-fail`, `polls-fail`: a fault of the provider lasts until the tries are used up. */
export type Fate = 'plain' | 'cancelled' | 'short-deadline' | 'submits-fail' | 'polls-fail';

/** A request that we were told is accepted. */
export interface AcceptedRequest {
  requestId: string;
  mode: Mode;
  fate: Fate;
  /** `processedDataOf(data).sha256` of the data that it was started with. */
  sha256: string;
  /** Where it wants its end to be told; null: nowhere. */
  callback: Callback | null;
}

/** What the workflow's history says of one request: see history-facts.ts. */
export interface HistoryFacts {
  /** Null while it runs. */
  end: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' | null;
  /** Of the state that it ended with: what readers are told. */
  status: RequestStatus | null;
  /** What was said of the work of a cancelled request. */
  cancellation: CancellationOutcome | null;
  /** Type of the error that it ended with. */
  errorType: string | null;
  /** Whether that error said that it may be sent again. */
  retryable: boolean;
  /** Whether it was asked to cancel while it ran. */
  cancelRequested: boolean;
  /** `processed_data.sha256` of the result that it ended with. */
  resultSha256: string | null;
  /** The provider's id of the work that it ended with. */
  providerRequestId: string | null;
  /** How often its outcome became unknown. */
  unknownOutcomes: number;
  /** A person's decisions in order; `at` in milliseconds since 1970. */
  decisions: { decision: string; at: number }[];
  /** What lookups came to, in order; `at` in milliseconds since 1970. */
  lookups: { found: Found['found']; at: number }[];
}

export interface Reading {
  status: RequestStatus | 'not_found';
  /** Milliseconds since 1970: when it had the answer. */
  at: number;
  /** Whether the answer said that no worker was asked. */
  stale: boolean;
}

/** Calls in any window, of the whole fleet. */
export interface Budget {
  limit: number;
  windowMs: number;
}

/** All that one run left behind, and that the checker judges. */
export interface Evidence {
  /** The provider's, whole. */
  ledger: readonly Readonly<LedgerEntry>[];
  accepted: readonly AcceptedRequest[];
  /** Every answer to a start: the same key may be answered more than once. */
  starts: readonly { key: string; requestId: string }[];
  /** By request_id; a request without one was lost. */
  histories: ReadonlyMap<string, HistoryFacts>;
  /** What each reader saw of one request, in order, from its start on. */
  readings: readonly { requestId: string; seen: readonly Reading[] }[];
  /** All that the relay between provider and gateway had, or made up. */
  callbacks: readonly CallbackSeen[];
  deliveries: DeliveryEvidence;
  /** Null: the run had none that could be exceeded. */
  budget: Budget | null;
}
