export { ExternalApiClient } from './external-api-client.ts';
export type {
  ClientOptions,
  ConnectOptions,
  ProcessOptions,
  ResultOptions,
  StatusOptions,
  UpdatesOptions,
} from './client-options.ts';
export type { CallRepeated, ClientHooks, ClientLogger, RequestEnded, RequestStarted } from './client-events.ts';
export type { RequestHandle, RetryHandle } from './request-handle.ts';
export type { JsonCompatible } from './json-compatible.ts';
export type { StandardSchema } from './standard-schema.ts';
export { budgetFrom, type BudgetSource } from './budget-source.ts';
export type { Evidence, Why } from './why.ts';
export type { BudgetView } from '../contract/budget-view.ts';
export type { CompletedRequest } from './finished-request.ts';
export type { InvalidateOptions } from './start-invalidation.ts';
export type { ResolveOptions } from './resolve-request.ts';
export type { Deliveries, DeliveryListOptions, DeliverySummary, Redelivery, RedeliverOptions } from './deliveries.ts';
export type { DeliveryEvent } from '../contract/delivery.ts';
export type { ReceivedHeaders } from './webhooks.ts';
export type { RetryOptions } from './retry-request.ts';
export type { ListOptions, RequestList, RequestSummary } from './list-requests.ts';
export {
  IdempotencyConflictError,
  InvalidRequestError,
  NothingToDecideError,
  NothingToDeliverError,
  NotRetryableError,
  RequestCancelledError,
  RequestFinishedError,
  RequestNotFoundError,
  RequestTooLargeError,
  ResultMismatchError,
  ResultTimeoutError,
  TemporalUnavailableError,
  WebhookVerificationError,
} from './client-errors.ts';
export { DurableRequestError } from '../contract/durable-request-error.ts';
export {
  APIAuthenticationError,
  APIRateLimitError,
  APITimeoutError,
  ExternalAPIError,
  OutcomeUnknownError,
  ResultTooLargeError,
} from '../contract/errors.ts';
export type { Duration } from '../contract/duration.ts';
export type {
  JsonValue,
  ProcessInput,
  ProcessResult,
  RecordedResolution,
  RequestError,
  RequestSnapshot,
  RequestState,
  WaitingFor,
} from '../contract/request.ts';
export type {
  CacheUse,
  CancellationOutcome,
  Decision,
  DeliveryStatus,
  ErrorCode,
  ErrorType,
  Idempotency,
  ListStatus,
  Outcome,
  Priority,
  RequestStatus,
  WaitReason,
} from '../contract/values.ts';
