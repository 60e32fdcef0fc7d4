import type { RequestStatus } from '../../src/contract/request.ts';
import type { LedgerEntry } from '../../src/fake-provider/index.ts';

/** What a `process` whose outcome is not known may do: `key` sends again, `none` never. */
export type Mode = 'key' | 'none';

/** A request that we were told is accepted. */
export interface AcceptedRequest {
  requestId: string;
  mode: Mode;
  /** `processedDataOf(data).sha256` of the data that it was started with. */
  sha256: string;
}

/** What the workflow's history says of one request: see history-facts.mjs. */
export interface HistoryFacts {
  /** Null while it runs. */
  end: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' | null;
  /** Type of the error that it ended with. */
  errorType: string | null;
  /** `processed_data.sha256` of the result that it ended with. */
  resultSha256: string | null;
  /** How often its outcome became unknown. */
  unknownOutcomes: number;
  /** A person's decisions in order; `at` in milliseconds since 1970. */
  decisions: { decision: string; at: number }[];
}

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
}

export interface Reading {
  status: RequestStatus | 'not_found';
  /** Milliseconds since 1970: when it had the answer. */
  at: number;
  /** Whether the answer said that no worker was asked. */
  stale: boolean;
}

export interface Violation {
  /** Title of the rule. */
  rule: string;
  requestId: string;
  evidence: string;
}

export interface Verdict {
  /** Each rule, how many things it was held against, and how many of them broke it. */
  rules: { rule: string; checked: number; broken: number }[];
  violations: Violation[];
  /** What happened, for the reader: no rule. */
  counts: Record<string, number>;
}

export declare const RULES: Readonly<Record<string, string>>;

/** @throws {Error} when there is nothing to judge: an empty ledger, or no accepted request */
export function check(evidence: Evidence): Verdict;
