import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { AnswerKey, InvalidateInput } from '../contract/activities.ts';
import { INVALIDATION_TYPE, queuesOf, type RequestMemo } from '../contract/names.ts';
import type { JsonValue, ProcessInput } from '../contract/request.ts';
import { InvalidRequestError, TemporalUnavailableError } from './client-errors.ts';
import type { OpenWaits } from './open-waits.ts';
import type { ClientOptions } from './client-options.ts';
import { checkInput, checkTenant } from './process-input.ts';
import type { BoundRpc } from './server-calls.ts';
import { anything, check, strict } from './strict-input.ts';
import { translated } from './temporal-errors.ts';

/** Which answers the response cache is to forget. */
export type InvalidateOptions<Data = JsonValue> = (
  | { requestId: string; tenant?: never; input?: never }
  /** `tenant`: default `default`. */
  | { input: ProcessInput<Data>; tenant?: string; requestId?: never }
  | { tenant: string; input?: never; requestId?: never }
) & {
  /** Who asks: kept in the history, at most 200 characters. Default: the identity of the Temporal client. */
  by?: string;
};

const optionsSchema = strict({ requestId: anything, input: anything, tenant: anything, by: anything });

/** @throws InvalidRequestError naming every unknown option */
export function checkInvalidation(options: InvalidateOptions): void {
  check(optionsSchema, options);
}

const LONGEST_WAIT_MS = 10_000;
/** By then no answer is kept any more. */
const LONGEST_INVALIDATION = '30 days';

/**
 * Starts the workflow that makes the cache forget, wherever that is, and waits for its end.
 *
 * @param waits of the client
 * @param request the workflow of `requestId`
 * @param provider whose answers are meant where no request says it; undefined: the built-in one's
 * @throws as ExternalApiClient.invalidate
 */
export async function invalidateAnswers(
  {
    client,
    rpc,
    waits,
  }: {
    client: Client;
    rpc: BoundRpc;
    waits: OpenWaits;
  },
  options: InvalidateOptions,
  {
    request,
    provider,
    targets,
  }: { request: WorkflowHandle | null; provider: string | undefined; targets: ClientOptions['deliveryTargets'] },
): Promise<void> {
  const { by = client.options.identity } = options;
  if (!/^.{1,200}$/s.test(by)) throw invalid('by', 'must say who asks, in at most 200 characters');
  const { of, ...asked } =
    request === null ? { of: provider, ...askedBy(options, targets) } : await rpc(() => askedOf(request));
  const input: InvalidateInput = { ...asked, by };
  const invalidation = await rpc(() =>
    client.workflow.start(INVALIDATION_TYPE, {
      workflowId: `external-api-invalidation/${randomUUID()}`,
      taskQueue: queuesOf(of).requests,
      args: [input],
      workflowExecutionTimeout: LONGEST_INVALIDATION,
      staticSummary: `${input.tenant}: forget ${input.key === null ? 'all answers' : 'one answer'}`,
    }),
  );
  const late = (cause?: unknown): TemporalUnavailableError =>
    new TemporalUnavailableError(
      `No worker has made the cache forget within ${LONGEST_WAIT_MS / 1000} s. One that comes back still does: ` +
        `see the workflow ${invalidation.workflowId}.`,
      { cause },
    );
  const wait = async (): Promise<void> => {
    try {
      await invalidation.result();
    } catch (error) {
      const known = translated(error, '');
      throw known instanceof TemporalUnavailableError ? late(error) : known;
    }
  };
  await waits.wait(wait, { timeoutMs: LONGEST_WAIT_MS, late });
}

/** What the request asked for, as its start wrote it down. */
async function askedOf(request: WorkflowHandle): Promise<AnswerKey & { of: string | undefined }> {
  const { tenant, inputHash, provider } = (await request.describe()).memo as unknown as RequestMemo;
  return { tenant, key: inputHash, of: provider };
}

function askedBy(
  { tenant, input }: InvalidateOptions,
  targets: ClientOptions['deliveryTargets'],
): Omit<InvalidateInput, 'by'> {
  if (input !== undefined) {
    const checked = checkInput(input, { tenant }, targets);
    return { tenant: checked.tenant, key: checked.inputHash };
  }
  if (tenant === undefined) throw invalid('', 'say what to forget: a requestId, an input or a tenant');
  checkTenant(tenant);
  return { tenant, key: null };
}

function invalid(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError([{ path, message }]);
}
