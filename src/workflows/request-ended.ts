import type { CancellationOutcome } from '../contract/values.ts';
import type { RequestFailure } from './request-failure.ts';

/** How a request ends without a result. */
export type RequestEnd =
  | { end: 'failed'; failure: RequestFailure; cancellation: CancellationOutcome | null }
  | { end: 'cancelled'; cancellation: CancellationOutcome }
  /** What becomes of the work is yet to be found out. */
  | { end: 'cancelling'; providerRequestId: string };

/** Ends a request without a result. Never leaves the workflow. */
export class RequestEnded extends Error {
  readonly end: RequestEnd;

  constructor(end: RequestEnd) {
    super(end.end);
    this.end = end;
  }
}
