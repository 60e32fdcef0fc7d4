/** What the product writes into its log, as data: docs/operations.md has this table, and a test compares them. */

/** The lines with one `event` of the log. */
export interface EventRow {
  /** From the everyday one on. */
  readonly levels: readonly ('debug' | 'info' | 'warn' | 'error' | 'fatal')[];
  readonly means: string;
  /** What a line may have beside `level`, `timestamp`, `name`, `event` and `msg`. */
  readonly fields: readonly string[];
}

export const EVENTS = {
  external_api_request: {
    levels: ['info', 'warn'],
    means:
      'one call to the provider; `provider_status`: its own word; `warn`: it failed, and `reason` says why, with its words',
    fields: [
      'request_id',
      'endpoint',
      'method',
      'status_code',
      'response_time',
      'retry_count',
      'provider_status',
      'error_type',
      'outcome',
      'reason',
    ],
  },
  external_api_request_ended: {
    levels: ['info', 'error'],
    means:
      'the end of a request, one line whatever it is; `error`: it ended as `failed` or `timed_out`, or a fallback stands ' +
      'in for its result',
    fields: [
      'request_id',
      'tenant',
      'status',
      'provider_request_id',
      'duration',
      'durations',
      'submits',
      'status_calls',
      'source',
      'cached_at',
      'cancellation',
      'error_type',
      'reason',
      'failure',
      'outcome',
      'status_code',
      'retryable',
      'fallback_error',
    ],
  },
  external_api_outcome_unknown: {
    levels: ['warn'],
    means:
      'the answer to a submit was lost: the request waits until the provider is found to have the work, or for a ' +
      'decision, until `hold_until`',
    fields: ['request_id', 'tenant', 'error_type', 'reason', 'failure', 'status_code', 'submits', 'hold_until'],
  },
  external_api_outcome_decided: {
    levels: ['info'],
    means: 'a person decided on it, and the request goes on, with its whole time again, until `deadline_at`',
    fields: ['request_id', 'tenant', 'decision', 'by', 'reason', 'provider_request_id', 'held', 'deadline_at'],
  },
  external_api_outcome_found: {
    levels: ['info', 'warn'],
    means:
      'what the provider has under our reference: `found` is `one` or `none`; `warn`: `several`, or `unanswered`, and a ' +
      'person decides',
    fields: ['request_id', 'tenant', 'found', 'provider_request_id', 'held'],
  },
  external_api_delivery: {
    levels: ['debug', 'info', 'warn', 'error'],
    means:
      'an attempt to [deliver](deliveries.md) an end to `target`; `info`: `delivered`; `warn`: it `failed`, or there is ' +
      '`no_secret`, and the next one is made `next_in` so many seconds; `error`: it is `dead`; `debug`: it was `put_off`',
    fields: [
      'request_id',
      'tenant',
      'target',
      'outcome',
      'attempts',
      'status_code',
      'response_time',
      'reason',
      'next_in',
    ],
  },
  external_api_delivery_not_started: {
    levels: ['warn'],
    means:
      'a request has ended, and its delivery could not be started, for `reason`: `external-api deliveries redeliver` does it',
    fields: ['request_id', 'tenant', 'reason'],
  },
  external_api_token_refreshed: {
    levels: ['debug'],
    means: 'a new access token, by number',
    fields: ['generation'],
  },
  external_api_unknown_status: {
    levels: ['warn'],
    means: 'a status word that this version does not know; once per request',
    fields: ['request_id', 'status'],
  },
  external_api_finished_seen: {
    levels: ['debug'],
    means: 'a poll saw the end of a job: after how many polls, and how late (`lag`, in seconds)',
    fields: ['request_id', 'kind', 'polls', 'lag'],
  },
  external_api_budget_shared: {
    levels: ['info', 'warn'],
    means: 'whether calls are counted in Redis; `warn`: they are not, and why',
    fields: ['shared', 'workers', 'reason'],
  },
  external_api_fleet_too_large: {
    levels: ['error'],
    means: 'more workers than `EXTERNAL_API_FLEET_SIZE`',
    fields: ['workers', 'fleet_size'],
  },
  external_api_token_sharing: {
    levels: ['info', 'warn'],
    means: 'whether the access token is shared in Redis; `warn`: it is not, `unavailable` or `not_ours`',
    fields: ['problem'],
  },
  external_api_answers_unavailable: {
    levels: ['warn'],
    means: 'earlier answers cannot be looked up',
    fields: ['reason'],
  },
  external_api_redis_error: {
    levels: ['debug'],
    means: 'a lost connection to Redis, or a failed attempt to connect',
    fields: ['reason'],
  },
  worker_ready: {
    levels: ['info'],
    means: 'the worker takes work: `/readyz` says 200',
    fields: ['after'],
  },
  worker_unready: {
    levels: ['info'],
    means: 'it takes none, for the reason that it has: `/readyz` says 503. `after`: seconds since it was the other',
    fields: ['after', 'reason'],
  },
  temporal_unavailable: {
    levels: ['warn'],
    means:
      'no answer from the Temporal server: a worker that starts waits for it and tells it every 10 s, one that ran once',
    fields: ['address', 'since', 'reason'],
  },
  temporal_available: {
    levels: ['info'],
    means: 'the Temporal server answers again, which it did not `since`',
    fields: ['address', 'since'],
  },
  gateway_request: {
    levels: ['debug', 'info', 'warn', 'error'],
    means:
      'one HTTP request; `debug`: a health probe, `warn`: Temporal did not answer, or too many came, `error`: a defect of ours, with its ' +
      'stack in `err`',
    fields: [
      'reqId',
      'method',
      'route',
      'status_code',
      'response_time',
      'tenant',
      'request_id',
      'error_type',
      'reason',
      'err',
    ],
  },
  gateway_callback: {
    levels: ['info', 'warn'],
    means:
      'what became of a callback; `info`: `told` to the request, or that had `ended`; `warn`: `forged_link`, `forged_signature`, ' +
      '`forgotten`, `too_large`, `unavailable`, `full` (the request had 10,000 and asks by its plan), `refused`',
    fields: ['reqId', 'outcome', 'request_id', 'provider_request_id'],
  },
  gateway_without_keys: {
    levels: ['warn'],
    means: 'no `GATEWAY_API_KEYS`: everybody on this machine may use the gateway',
    fields: [],
  },
  gateway_draining: {
    levels: ['info'],
    means: 'it was told to end, by `signal`',
    fields: ['signal'],
  },
  gateway_crashed: {
    levels: ['fatal'],
    means: 'a defect of ours ended the process',
    fields: ['err'],
  },
  gateway_keys_read: {
    levels: ['info'],
    means: 'the file of the keys of callers has changed, and was read again: the `keys` that are good now',
    fields: ['file', 'keys'],
  },
  gateway_keys_unusable: {
    levels: ['warn'],
    means:
      'the file of the keys of callers cannot be used, and the keys that were read last stay; once, until it can be used again',
    fields: ['file', 'reason'],
  },
  token_keys_unavailable: {
    levels: ['warn'],
    means:
      '`GATEWAY_JWT_JWKS_URL` cannot be read: keys that are known stay good, tokens of others are a 503; once, until it can be read again',
    fields: ['reason'],
  },
  token_keys_available: {
    levels: ['info'],
    means: '`GATEWAY_JWT_JWKS_URL` can be read again',
    fields: [],
  },
  shared_limits_unavailable: {
    levels: ['warn'],
    means:
      'Redis is away: this gateway counts the calls of tenants by itself; once, until it can be counted there again',
    fields: ['reason'],
  },
  shared_limits_available: {
    levels: ['info'],
    means: 'the calls of tenants are counted in Redis again',
    fields: [],
  },
  open_requests_uncounted: {
    levels: ['warn'],
    means:
      'Temporal does not count the open requests of tenants: `GATEWAY_REQUESTS_IN_FLIGHT` holds for 30 s more, then ' +
      'nobody is refused; once, until it counts again',
    fields: ['reason'],
  },
  open_requests_counted: {
    levels: ['info'],
    means: 'Temporal counts the open requests of tenants again',
    fields: [],
  },
  caller_cut: {
    levels: ['warn'],
    means: 'a caller took nothing of its answer for 30 s: its connection was ended',
    fields: ['remote_address'],
  },
  caller_refused: {
    levels: ['warn'],
    means: 'no key or token, or none that is good; `no tenant`: a good token without a usable tenant',
    fields: ['reqId', 'reason', 'remote_address'],
  },
  address_slowed: {
    levels: ['warn'],
    means:
      'too many failed attempts from there, and for `wait` seconds they are [slowed down](gateway.md#failed-attempts): ' +
      '`credential`, one that fails again and again, or all of the `address`; once each time',
    fields: ['reqId', 'remote_address', 'what', 'wait'],
  },
  gateway_audit: {
    levels: ['info'],
    means: 'one call that may have changed something: who, what, which request, from where, and what came of it',
    fields: ['reqId', 'action', 'tenant', 'request_id', 'remote_address', 'status_code'],
  },
  suspicious_activity: {
    levels: ['warn'],
    means:
      'more of it than usual, by one of the [rules](security.md#suspicious-activity); once for each rule, subject and window (s)',
    fields: ['reqId', 'rule', 'subject', 'count', 'window'],
  },
  foreign_request: {
    levels: ['warn'],
    means: "a tenant asked for another tenant's request",
    fields: ['reqId', 'tenant'],
  },
  client_request_started: {
    levels: ['debug'],
    means: "a service started a request; these four are of the [client's `logger`](client.md#logger-and-hooks)",
    fields: ['request_id', 'tenant'],
  },
  client_request_ended: {
    levels: ['debug'],
    means: 'a wait for a result saw the end',
    fields: ['request_id', 'status', 'err'],
  },
  client_call_repeated: {
    levels: ['warn'],
    means: 'a call to Temporal failed, and is made again',
    fields: ['attempt', 'delay_ms', 'code', 'reason'],
  },
  client_search_attributes_missing: {
    levels: ['warn'],
    means: 'requests run without search attributes: `external-api setup` registers them',
    fields: [],
  },
} as const satisfies Record<string, EventRow>;
