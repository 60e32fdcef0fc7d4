import type { RequestState } from './request.ts';

/** Names that the worker, the client and an operator's shell must agree on. */

export const WORKFLOW_TYPE = 'processRequest';

/** The workflow that makes the response cache forget answers; its activity has the same name. */
export const INVALIDATION_TYPE = 'invalidateAnswers';

/** Workflows and calls are apart, because eager dispatch would bypass the limits of a queue that they share. */
export const TASK_QUEUES = {
  /** Workflows and `authenticate`. */
  requests: 'external-api',
  /** `process`: what the call budget meters as submits. */
  calls: 'external-api-calls',
  /** Calls about work that the provider has accepted: they go first, and have a share of the budget that nothing else takes. */
  polls: 'external-api-polls',
  /** Bulk requests up to their submit: in a queue of their own the others pass them, also where priorities are unknown. */
  bulk: 'external-api-bulk',
} as const;

export type TaskQueues = Readonly<Record<keyof typeof TASK_QUEUES, string>>;

/** The profile that is used where no other is named; it is written nowhere: what was started before has no name either. */
export const BUILT_IN_PROVIDER = 'data-processing-v2.1';

/** The queues of one provider; undefined: the built-in one. No worker of another provider asks there. */
export function queuesOf(provider: string | undefined): TaskQueues {
  if (provider === undefined) return TASK_QUEUES;
  const { requests, calls, polls, bulk } = TASK_QUEUES;
  const own = (queue: string): string => `${queue}/${provider}`;
  return { requests: own(requests), calls: own(calls), polls: own(polls), bulk: own(bulk) };
}

/** How a provider is written down: not at all where it is the built-in one. */
export function writtenProvider(name: string | undefined): string | undefined {
  return name === BUILT_IN_PROVIDER ? undefined : name;
}

/** Of whatever provider. */
export function isBulkQueue(queue: string): boolean {
  return queue === TASK_QUEUES.bulk || queue.startsWith(`${TASK_QUEUES.bulk}/`);
}

export const STATUS_QUERY = 'status';
export const CALLBACK_SIGNAL = 'callbackReceived';
export const RESOLVE_UPDATE = 'resolveOutcome';

export const SEARCH_ATTRIBUTES = {
  /** Keyword, set when a request starts. */
  tenant: 'ExternalApiTenant',
  /** Keyword, set only when a request leaves the normal path: see {@link Attention}. */
  attention: 'ExternalApiAttention',
} as const;

/** Memo fields of a request's workflow. They answer without a worker and on servers without our search attributes. */
export interface RequestMemo {
  tenant: string;
  /** As in ProcessRequestArgs. */
  provider?: string;
  /** SHA-256 of the canonical input: tells "same key, same input" from "same key, other input". */
  inputHash: string;
  /** Set when the workflow ends as cancelled, because a cancelled workflow has neither result nor failure. */
  endState?: RequestState;
  /** The id of the ended request that this one repeats. */
  retryOf?: string;
  /** As in ProcessRequestArgs. */
  submittedAs?: string;
  /** The provider's id that a callback named while the outcome was unknown. Nobody has confirmed that it is this work. */
  hintedId?: string;
}

/** `req_` and 26 characters of Crockford's base32 (130 bits). */
export const REQUEST_ID_PATTERN = /^req_[0-9A-HJKMNP-TV-Z]{26}$/;

/** What a provider may call its work, or the path where it may be asked for. No part of it leads upwards; a query may say anything. */
export const PROVIDER_REQUEST_ID_PATTERN = /^(?!(?:[^?]*\/)?\.{1,2}(?:[/?]|$))[\x21-\x7e]{1,1000}$/;

/** The same, for a person. */
export const PROVIDER_REQUEST_ID_SHAPE = '1 to 1000 visible ASCII characters, of which no part is . or ..';

export function isProviderRequestId(text: string): boolean {
  return PROVIDER_REQUEST_ID_PATTERN.test(text);
}

const WORKFLOW_ID_PREFIX = 'external-api/';

export function workflowIdOf(requestId: string): string {
  return WORKFLOW_ID_PREFIX + requestId;
}

export function requestIdOf(workflowId: string): string {
  return workflowId.startsWith(WORKFLOW_ID_PREFIX) ? workflowId.slice(WORKFLOW_ID_PREFIX.length) : workflowId;
}

/** What a tenant, or a kind of request, may be called. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const NAME_EXPECTED = '1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first';

/** The tenant of a service that has only one. */
export const DEFAULT_TENANT = 'default';

/** Whose a workflow is, as its memo says. */
export function tenantOf({ tenant = DEFAULT_TENANT }: { tenant?: string }): string {
  return tenant;
}

/** What a workflow is started with, so that a list finds it by its tenant. */
export function tenantAttribute(tenant: string) {
  return [{ key: { name: SEARCH_ATTRIBUTES.tenant, type: 'KEYWORD' as const }, value: tenant }];
}
