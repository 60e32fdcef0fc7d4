import type { ConnectionOptions } from '@temporalio/client';
import type { TargetRules } from '../callbacks/target.ts';
import type { Duration } from '../contract/duration.ts';
import type { JsonValue } from '../contract/request.ts';
import type { BudgetSource } from './budget-source.ts';
import type { ClientHooks, ClientLogger } from './client-events.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { CacheUse, Idempotency, Priority } from '../contract/values.ts';

export interface ClientOptions {
  /** From the start of a request to its end, whatever happens. Default: 1 hour. */
  defaultDeadline?: Duration;
  /** How long an unknown outcome waits for a decision. Default: until the request's deadline. */
  defaultUnknownHold?: Duration | undefined;
  /** The name of the profile that the workers have: they alone take its requests. Default: the built-in one. */
  provider?: string;
  /** Tells a wait for the call budget from a wait for a worker. Default: the two look alike. See `budgetFrom`. */
  budget?: BudgetSource;
  /** Where the ends of requests may be delivered, as the workers that deliver have it. Default: https, port 443, any public host. */
  deliveryTargets?: Partial<TargetRules>;
  /** A logger of pino, or one with the same methods. Default: none. */
  logger?: ClientLogger;
  hooks?: ClientHooks;
}

export interface ConnectOptions extends ClientOptions {
  /** Default: what TEMPORAL_* and temporal.toml say, as every Temporal tool reads them. */
  temporal?: {
    connectionOptions: Pick<ConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;
    namespace?: string | undefined;
    /** Where the address was taken from: errors tell it to a person. */
    addressFrom?: string;
  };
}

export interface ProcessOptions<Result = JsonValue> {
  /** Checks the result, and types it, wherever this handle gives it. Never sent. */
  schema?: StandardSchema<Result>;
  /** The same tenant and key always mean the same request, however often it is sent. */
  idempotencyKey?: string;
  /** Default: `default`. */
  tenant?: string;
  deadline?: Duration;
  /** How long an unknown outcome waits for a decision. Default: until the deadline. */
  unknownHold?: Duration;
  /** Forbids (`none`) what the worker's EXTERNAL_API_IDEMPOTENCY would allow; more than that is refused. */
  idempotency?: Idempotency;
  /** `bulk` leaves a tenth of the call budget to all others, and goes after them. Default: `interactive`. */
  priority?: Priority;
  /** Requests of one kind take about the same time: their first poll goes out when it has usually passed. */
  kind?: string;
  /**
   * Whether the answer to an earlier request with equal data and options will do: `read` takes one and keeps the new one,
   * `refresh` only keeps the new one, `off` neither. Workers decide how long one is kept, if at all. Default: `refresh` with
   * an `idempotencyKey`, which makes it an operation of its own; else `read`.
   */
  cache?: CacheUse;
  /** With `read`: an answer that is older will not do. Default: as old as the workers' EXTERNAL_API_CACHE_TTL allows. */
  cacheMaxAge?: Duration;
  /** Joins an equal request of the tenant that still runs. Default: two equal requests may be meant twice. */
  coalesce?: boolean;
  /** Aborts the start, not the request. */
  signal?: AbortSignal;
}

export interface ResultOptions<Result = JsonValue> {
  /** Ends the wait, not the request. */
  signal?: AbortSignal;
  timeout?: Duration;
  /** What `result.processedData` is to be, in any library that implements https://standardschema.dev. */
  schema?: StandardSchema<Result>;
}

export interface StatusOptions {
  /** Whose request it must be: another's is not found, and costs no more than one that is not there. Default: anybody's. */
  tenant?: string;
}

export interface UpdatesOptions {
  /** Ends the iteration with its reason, not the request. */
  signal?: AbortSignal;
}
