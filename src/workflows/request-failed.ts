import type { RequestFailure } from './failure-of.ts';

/** Ends a request without a result. Never leaves the workflow: there it becomes an ApplicationFailure. */
export class RequestFailed extends Error {
  readonly failure: RequestFailure;

  constructor(failure: RequestFailure) {
    super(failure.error.message);
    this.failure = failure;
  }
}
