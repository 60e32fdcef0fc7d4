import type { Client } from '@temporalio/client';
import { z } from 'zod';
import {
  queuesOf,
  requestIdOf,
  SEARCH_ATTRIBUTES,
  tenantOf,
  WORKFLOW_TYPE,
  writtenProvider,
} from '../contract/names.ts';
import { sha256 } from './canonical-json.ts';
import type { RequestError } from '../contract/request.ts';
import { InvalidRequestError } from './client-errors.ts';
import { endOf } from './finished-request.ts';
import { nullIfGone, withAttributesOrWithout } from './listed.ts';
import { listLimit, name } from './request-members.ts';
import type { BoundRpc } from './server-calls.ts';
import { listPage, type ListedWorkflow, type ServerStatus } from './server-view.ts';
import { check, oneOf, strict } from './strict-input.ts';
import { ERROR_TYPES, LIST_STATUSES, type ErrorType, type ListStatus } from '../contract/values.ts';

type Page = Awaited<ReturnType<typeof listPage>>;

export interface ListOptions {
  status?: ListStatus;
  tenant?: string;
  /** The name of a profile: only its requests. */
  provider?: string;
  /** Only requests that started, or ended, then or later. */
  since?: Date;
  /** Only requests that ended then or later. */
  endedSince?: Date;
  /** Only requests that ended with an error of this type; means `withErrors`. */
  error?: ErrorType;
  /** Whether to read how each that failed ended, which takes a call for each. Default: false. */
  withErrors?: boolean;
  /** At most so many requests. Default: all. */
  limit?: number;
  /** Where an earlier list ended: its `nextCursor`. */
  cursor?: string;
}

const time = z.date('must be a time');

const optionsSchema = strict({
  status: oneOf(LIST_STATUSES).optional(),
  tenant: name.optional(),
  provider: name.optional(),
  since: time.optional(),
  endedSince: time.optional(),
  error: oneOf(ERROR_TYPES).optional(),
  withErrors: z.boolean('must be true or false').optional(),
  limit: listLimit.optional(),
  cursor: z.string().optional(),
});

/** A request as a list shows it. Times are ISO 8601. */
export interface RequestSummary {
  requestId: string;
  tenant: string;
  /** The name of the profile; null: the built-in one. */
  provider: string | null;
  status: ListStatus;
  createdAt: string;
  completedAt: string | null;
  /** The ended request that it repeats. */
  retryOf: string | null;
  /** As in RequestSnapshot. */
  hintedId?: string;
  /** Why it ended without the provider's result. Only `withErrors`; null too where the server does not say it any more. */
  error: RequestError | null;
}

const MAX_PAGE = 1000;
/** So many calls are on their way at once. */
const MAX_PAGE_WITH_ERRORS = 20;
const ATTENTION = SEARCH_ATTRIBUTES.attention;

/** Visibility queries by status. A deadline that passed is a failed workflow which the attention attribute tells apart. */
const QUERIES: Record<ListStatus, { withAttributes: string; without: string | null }> = {
  running: same("ExecutionStatus = 'Running'"),
  completed: same("ExecutionStatus = 'Completed'"),
  cancelled: same("ExecutionStatus IN ('Canceled', 'Terminated')"),
  failed: {
    withAttributes: `ExecutionStatus = 'Failed' AND (${ATTENTION} IS NULL OR ${ATTENTION} != 'timed_out')`,
    without: "ExecutionStatus = 'Failed'",
  },
  timed_out: {
    withAttributes: `(ExecutionStatus = 'TimedOut' OR (ExecutionStatus = 'Failed' AND ${ATTENTION} = 'timed_out'))`,
    without: "ExecutionStatus = 'TimedOut'",
  },
  outcome_unknown: {
    withAttributes: `ExecutionStatus = 'Running' AND ${ATTENTION} = 'outcome_unknown'`,
    without: null,
  },
};

/** Those that may have ended with an error: see {@link hasError}. */
const WITH_ERRORS = {
  withAttributes: `(ExecutionStatus IN ('Failed', 'TimedOut') OR ${ATTENTION} = 'fallback')`,
  without: "ExecutionStatus IN ('Failed', 'TimedOut')",
};

/**
 * Requests, read page by page as they are consumed. In the server's order, since not every server sorts otherwise: those
 * that run, the latest started first, then those that have ended, the latest ended first.
 */
export class RequestList implements AsyncIterable<RequestSummary> {
  readonly #client: Client;
  readonly #rpc: BoundRpc;
  readonly #options: ListOptions;
  readonly #start: Buffer;
  /** Where the next list goes on, once this one is consumed; null when it reached the end. */
  nextCursor: string | null = null;

  constructor(client: Client, rpc: BoundRpc, options: ListOptions) {
    this.#client = client;
    this.#rpc = rpc;
    this.#options = options;
    check(optionsSchema, options);
    this.#start = options.cursor === undefined ? Buffer.alloc(0) : tokenOf(options.cursor, options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RequestSummary> {
    const { tenant, limit = Infinity, error } = this.#options;
    const withErrors = this.#options.withErrors === true || error !== undefined;
    let token = this.#start;
    let left = limit;
    do {
      const page = await this.#page(token, Math.min(left, withErrors ? MAX_PAGE_WITH_ERRORS : MAX_PAGE));
      token = page.nextToken;
      this.nextCursor = token.length > 0 ? cursorOf(token, this.#options) : null;
      // On a server without our attributes the tenant is told by the memo alone.
      const listed = page.workflows.filter(({ memo }) => !tenant || tenantOf(memo) === tenant);
      const errors = withErrors ? await this.#errorsOf(listed) : [];
      const summaries = listed.map((workflow, n) => summaryOf(workflow, errors[n] ?? null));
      const requests = summaries.filter((request) => error === undefined || request.error?.type === error);
      yield* requests;
      left -= requests.length;
    } while (token.length > 0 && left > 0);
  }

  /** In the order of `workflows`; null for those that have none. */
  async #errorsOf(workflows: readonly ListedWorkflow[]): Promise<(RequestError | null)[]> {
    const read = async (workflow: ListedWorkflow): Promise<RequestError | null> => {
      if (!hasError(workflow)) return null;
      const requestId = requestIdOf(workflow.workflowId);
      const ended = await this.#rpc(() => endOf(this.#client, requestId)).catch(nullIfGone);
      return ended?.state.error ?? null;
    };
    return await Promise.all(workflows.map(read));
  }

  async #page(token: Buffer, pageSize: number): Promise<Page> {
    return await withAttributesOrWithout((withAttributes) =>
      this.#rpc(() => listPage(this.#client, visibilityQuery(this.#options, withAttributes), pageSize, token)),
    );
  }
}

/**
 * The server's page token, with a checksum over it and the filters: a server takes a token that is not its own, or of
 * another list, for a fault of its own and not of the caller's.
 */
function cursorOf(token: Buffer, filters: ListOptions): string {
  return `${token.toString('base64url')}.${checksum(token, filters)}`;
}

function tokenOf(cursor: string, filters: ListOptions): Buffer {
  const [text = '', sum] = cursor.split('.');
  const token = Buffer.from(text, 'base64url');
  if (sum === checksum(token, filters)) return token;
  throw invalid('cursor', 'must be the one that an earlier list with the same filters ended with');
}

function checksum(token: Buffer, { status, tenant, provider, since, endedSince, error }: ListOptions): string {
  const filters = [status, tenant, provider, since, endedSince, error];
  return sha256(JSON.stringify([...filters, token.toString('base64')])).slice(0, 8);
}

function visibilityQuery(
  { status, tenant, provider, since, endedSince, error }: ListOptions,
  withAttributes: boolean,
): string {
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`];
  if (status) {
    const condition = QUERIES[status][withAttributes ? 'withAttributes' : 'without'];
    if (condition === null) {
      throw invalid('status', `${status} needs the search attribute ${ATTENTION}: \`external-api setup\` registers it`);
    }
    conditions.push(condition);
  } else if (error !== undefined) conditions.push(WITH_ERRORS[withAttributes ? 'withAttributes' : 'without']);
  if (since !== undefined) {
    const from = since.toISOString();
    conditions.push(`(StartTime >= '${from}' OR CloseTime >= '${from}')`);
  }
  if (endedSince !== undefined) conditions.push(`CloseTime >= '${endedSince.toISOString()}'`);
  if (tenant !== undefined && withAttributes) conditions.push(`${SEARCH_ATTRIBUTES.tenant} = '${tenant}'`);
  if (provider !== undefined) conditions.push(`TaskQueue IN (${queuesAskedFor(provider)})`);
  return conditions.join(' AND ');
}

/** Where the requests of a provider begin. */
function queuesAskedFor(provider: string): string {
  const { requests, bulk } = queuesOf(writtenProvider(provider));
  return `'${requests}', '${bulk}'`;
}

/** Whether it ended with an error. On a server without our attributes a fallback's answer looks like any other. */
function hasError({ status, attention }: ListedWorkflow): boolean {
  return status === 'failed' || status === 'timed_out' || (status === 'completed' && attention === 'fallback');
}

function summaryOf(
  { workflowId, status, memo, attention, startedAt, closedAt }: ListedWorkflow,
  error: RequestError | null,
): RequestSummary {
  const listed = listStatusOf(status, attention);
  return {
    requestId: requestIdOf(workflowId),
    tenant: tenantOf(memo),
    provider: memo.provider ?? null,
    status: listed,
    createdAt: startedAt,
    completedAt: closedAt,
    retryOf: memo.retryOf ?? null,
    error,
    ...(listed === 'outcome_unknown' && memo.hintedId !== undefined && { hintedId: memo.hintedId }),
  };
}

/** The attention attribute tells apart what the server's own status does not. */
function listStatusOf(status: ServerStatus, attention: string | null): ListStatus {
  if (status === 'failed' && attention === 'timed_out') return 'timed_out';
  if (status === 'running' && attention === 'outcome_unknown') return 'outcome_unknown';
  if (status === 'terminated') return 'cancelled';
  return status === 'continued_as_new' ? 'running' : status;
}

function same(query: string): { withAttributes: string; without: string } {
  return { withAttributes: query, without: query };
}

function invalid(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError([{ path, message }]);
}
