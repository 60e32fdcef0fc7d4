export { ExternalApiClient } from './external-api-client.ts';
export type { ConnectOptions, ProcessOptions, RequestHandle, ResultOptions } from './client-options.ts';
export { budgetFrom, type BudgetSource } from './budget-source.ts';
export type { Evidence, Why } from './why.ts';
export type { BudgetView } from '../contract/budget-view.ts';
export type { CompletedRequest } from './finished-request.ts';
export type { InvalidateOptions } from './invalidate-answers.ts';
export type { ResolveOptions } from './resolve-request.ts';
export type { ListOptions, ListStatus, RequestList, RequestSummary } from './list-requests.ts';
export {
  IdempotencyConflictError,
  InvalidRequestError,
  NothingToDecideError,
  RequestCancelledError,
  RequestFinishedError,
  RequestNotFoundError,
  RequestTooLargeError,
  ResultTimeoutError,
  TemporalUnavailableError,
} from './errors.ts';
export {
  APIAuthenticationError,
  APIRateLimitError,
  APITimeoutError,
  ExternalAPIError,
  OutcomeUnknownError,
  ResultTooLargeError,
} from '../contract/errors.ts';
export type {
  CacheUse,
  CancellationOutcome,
  Decision,
  Idempotency,
  JsonValue,
  RecordedResolution,
  ProcessInput,
  ProcessResult,
  RequestError,
  RequestSnapshot,
  RequestState,
  RequestStatus,
  WaitingFor,
  WaitReason,
} from '../contract/request.ts';
