import { randomUUID } from 'node:crypto';
import { callbackify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { WorkflowService, type ConnectionLike } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { requestIdOf, WORKFLOW_TYPE, workflowIdOf, type RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs, Resolution } from '../contract/request.ts';
import { refusalOf } from '../workflows/resolution.ts';
import { FakeRequest, type FakeAnswer } from './fake-request.ts';
import { attributesOf, byAge, infoOf, pollOf } from './server-records.ts';
import {
  failureOf,
  fieldsOf,
  payloadsOf,
  serviceError,
  valueOf,
  valuesOf,
  type Payloads,
} from './temporal-messages.ts';
import { visibilityQuery } from './visibility-query.ts';

type Execution = { workflowId: string; runId: string };

/** What the calls bring, as far as it is read: every member that protobuf has is there. */
interface Call {
  workflowId: string;
  workflowType: { name: string };
  input: Payloads;
  memo: { fields: Record<string, Payload> } | null;
  execution: Execution;
  workflowExecution: Execution;
  waitNewEvent: boolean;
  historyEventFilterType: number;
  query: string;
  pageSize: number;
  nextPageToken: Uint8Array;
  request: { meta: { updateId: string }; input: { args: Payloads } };
}

/** `temporal.api.enums.v1.HistoryEventFilterType` */
const CLOSE_EVENT = 2;

/** As protobufjs hands it over. */
interface RpcMethod {
  name: string;
  resolvedRequestType: {
    decode(data: Uint8Array): unknown;
    toObject(message: unknown, options: { defaults: boolean; arrays: boolean }): unknown;
  };
  resolvedResponseType: { fromObject(plain: object): unknown; encode(message: unknown): { finish(): Uint8Array } };
}

type Handler = (call: Call) => object | Promise<object>;

/**
 * As much of a Temporal server as the client needs, in a map, with requests instead of workflows. The client's calls arrive
 * as they would over the network: everything above the socket is the client's own code.
 */
export class InMemoryTemporal {
  /** What the next requests come to. Default: completed, with their data as the result. */
  readonly answers: FakeAnswer[] = [];
  /** No call is answered. */
  isDown = false;
  readonly connection: ConnectionLike;
  readonly #requests = new Map<string, FakeRequest>();
  /** Workflows of other types: they have nothing to do. */
  readonly #others = new Set<string>();
  readonly #runs = new Map<string, string>();

  constructor() {
    const workflowService = WorkflowService.create((method, data, done) => {
      callbackify(() => this.#served(method as unknown as RpcMethod, data))(done);
    });
    const inside = <Result>(_: unknown, call: () => Promise<Result>): Promise<Result> => call();
    this.connection = {
      workflowService,
      operatorService: undefined as never,
      plugins: [],
      ensureConnected: async () => {},
      close: async () => {},
      withDeadline: inside,
      withMetadata: inside,
      withAbortSignal: inside,
    };
  }

  /** @throws Error for an id that no request has */
  request(requestId: string): FakeRequest {
    const request = this.#requests.get(requestId);
    if (!request) throw new Error(`No request ${requestId} was started with this fake client.`);
    return request;
  }

  async #served({ name, resolvedRequestType, resolvedResponseType }: RpcMethod, data: Uint8Array): Promise<Uint8Array> {
    const call = resolvedRequestType.toObject(resolvedRequestType.decode(data), { defaults: true, arrays: true });
    const answer = await this.#answer(name, call as Call);
    return resolvedResponseType.encode(resolvedResponseType.fromObject(answer)).finish();
  }

  async #answer(name: string, call: Call): Promise<object> {
    if (this.isDown) throw serviceError(status.UNAVAILABLE, 'The fake Temporal server is down.');
    const handler = this.#handlers[name];
    if (!handler) throw serviceError(status.UNIMPLEMENTED, `The fake Temporal server has no ${name}.`);
    return await handler(call);
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    GetSystemInfo: () => ({}),
    StartWorkflowExecution: ({ workflowId, workflowType, input, memo }) => {
      const known = this.#runs.get(workflowId);
      // As the policies of the client's starts have it: whoever finds one is told so.
      if (known !== undefined) throw serviceError(status.ALREADY_EXISTS, 'Workflow execution already started.');
      return { runId: this.#start(workflowId, workflowType.name, input, memo?.fields ?? {}) };
    },
    DescribeWorkflowExecution: ({ execution }) => {
      const request = this.#find(execution);
      return {
        workflowExecutionInfo: this.#info(request),
        pendingActivities: request.state.status === 'processing' ? [pollOf(request)] : [],
      };
    },
    QueryWorkflow: ({ execution }) => {
      const request = this.#find(execution);
      if (request.end !== null) return { queryRejected: { status: request.statusCode } };
      return { queryResult: payloadsOf(request.state) };
    },
    GetWorkflowExecutionHistory: async ({ execution, waitNewEvent, historyEventFilterType, nextPageToken }) => {
      if (this.#others.has(execution.workflowId)) {
        return { history: { events: [{ workflowExecutionCompletedEventAttributes: {} }] } };
      }
      const request = this.#find(execution);
      if (historyEventFilterType === CLOSE_EVENT) return { history: { events: [await request.closed] } };
      if (waitNewEvent) {
        const seen = numberOf(nextPageToken);
        if (seen > 0) await request.changedSince(seen);
        const token = request.end === null ? { nextPageToken: Buffer.from(String(request.changes)) } : {};
        return { history: { events: [{ workflowTaskCompletedEventAttributes: {} }] }, ...token };
      }
      const input = payloadsOf(request.args);
      const start = { workflowExecutionStartedEventAttributes: { input, memo: fieldsOf(request.memo) } };
      return { history: { events: request.end === null ? [start] : [start, request.end] } };
    },
    RequestCancelWorkflowExecution: ({ workflowExecution }) => {
      this.#find(workflowExecution).cancel();
      return {};
    },
    UpdateWorkflowExecution: ({ workflowExecution, request: { meta, input } }) => {
      const request = this.#find(workflowExecution);
      if (request.end !== null) throw serviceError(status.NOT_FOUND, 'workflow execution already completed');
      const decision = valueOf(input.args?.payloads?.[0]) as Resolution;
      const refusal = refusalOf(decision, request.state, false);
      const outcome = refusal
        ? { failure: failureOf(refusal.message, refusal.type) }
        : { success: payloadsOf(request.decide(decision, () => this.#nextAnswer(request.args))) };
      return { updateRef: { workflowExecution, updateId: meta.updateId }, stage: 3, outcome };
    },
    ListWorkflowExecutions: ({ query, pageSize, nextPageToken }) => {
      const matches = visibilityQuery(query);
      const found = [...this.#requests.values()].filter((request) => matches(attributesOf(request))).toSorted(byAge);
      const from = numberOf(nextPageToken);
      const to = from + pageSize;
      return {
        executions: found.slice(from, to).map((request) => this.#info(request)),
        ...(to < found.length && { nextPageToken: Buffer.from(String(to)) }),
      };
    },
  };

  #start(workflowId: string, type: string, input: Payloads, memo: Record<string, Payload>): string {
    const runId = randomUUID();
    this.#runs.set(workflowId, runId);
    if (type !== WORKFLOW_TYPE) {
      this.#others.add(workflowId);
      return runId;
    }
    const args = valueOf(input?.payloads?.[0]) as ProcessRequestArgs;
    const request = new FakeRequest(args, valuesOf(memo) as unknown as RequestMemo, this.#nextAnswer(args));
    this.#requests.set(args.requestId, request);
    return runId;
  }

  #nextAnswer({ data }: ProcessRequestArgs): FakeAnswer {
    return this.answers.shift() ?? { status: 'completed', processedData: data };
  }

  #find({ workflowId }: Execution): FakeRequest {
    const request = this.#requests.get(requestIdOf(workflowId));
    if (!request) throw serviceError(status.NOT_FOUND, `workflow not found for ID: ${workflowId}`);
    return request;
  }

  #info(request: FakeRequest): object {
    return infoOf(request, this.#runs.get(workflowIdOf(request.args.requestId)) ?? '');
  }
}

function numberOf(pageToken: Uint8Array): number {
  return Number(Buffer.from(pageToken).toString() || '0');
}
