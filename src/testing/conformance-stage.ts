import { setTimeout as delay } from 'node:timers/promises';
import { ExternalAPIError } from '../contract/errors.ts';
import type { ProviderClient } from '../provider/provider.ts';
import { startContractServer, type ContractServer, type Served } from './contract-server.ts';
import type { ContractWork, ProviderContract } from './provider-contract.ts';

/** A client, and the provider that it is made for. */
export interface Stage {
  readonly client: ProviderClient;
  readonly server: ContractServer;
  readonly contract: ProviderContract;
  readonly work: ContractWork;
  readonly other: ContractWork;
  readonly data: Parameters<ProviderClient['process']>[0]['data'];
  readonly secrets: readonly string[];
  readonly create: (at: { baseUrl: string }) => ProviderClient | Promise<ProviderClient>;
}

/** What every case is made with. */
export type Setting = Pick<Stage, 'contract' | 'data' | 'secrets' | 'create'>;

/** A busy machine is slow; a client that has not done it by then never does. */
const LIMIT_MS = 10_000;

/** Runs a case on a server and with a client of its own. */
export async function onStage(setting: Setting, play: (stage: Stage) => Promise<void>): Promise<void> {
  const server = await startContractServer(setting.contract);
  const workOf = (n: number): ContractWork => ({
    id: `work-${n}`,
    reference: `req_0000000000000000000000000${n}`,
    baseUrl: server.url,
  });
  try {
    const client = await setting.create({ baseUrl: server.url });
    try {
      await play({ ...setting, client, server, work: workOf(1), other: workOf(2) });
    } finally {
      await within(client.close(), 'close() never ended');
    }
  } finally {
    await server.close();
  }
}

/** @throws Error with `problem`, which says what is wrong in the client */
export function check(isRight: boolean, problem: string): asserts isRight {
  if (!isRight) throw new Error(problem);
}

/** What `promise` comes to. @throws Error with `problem` when it takes too long */
export async function within<T>(promise: Promise<T>, problem: string): Promise<T> {
  const timer = new AbortController();
  const late = delay(LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${problem} (within ${LIMIT_MS / 1000} s)`);
  });
  late.catch(() => {});
  return await Promise.race([promise, late]).finally(() => timer.abort());
}

/** Returns as soon as `condition` holds. @throws Error with `problem` when it never does */
export async function eventually(condition: () => boolean, problem: string): Promise<void> {
  const giveUpAt = performance.now() + LIMIT_MS;
  while (!condition()) {
    check(performance.now() < giveUpAt, problem);
    await delay(5);
  }
}

/** Submits the work of the stage. */
export function submit(
  { client, work, data }: Stage,
  context: Partial<Parameters<ProviderClient['process']>[1]> = {},
): ReturnType<ProviderClient['process']> {
  const call = { data, options: { async: true, callbackUrl: null }, idempotencyKey: work.reference };
  return within(client.process(call, { requestId: work.reference, ...context }), 'process() never ended');
}

/** The handle of the work of the stage, which the provider has taken. */
export async function submitted(stage: Stage): Promise<string> {
  stage.server.serve(stage.contract.accepted(stage.work));
  const { providerRequestId } = await submit(stage);
  check(typeof providerRequestId === 'string', 'process() gave no providerRequestId for work that the provider took');
  return providerRequestId;
}

/** Asks for the work of the stage, which was submitted, and gets `replies`. */
export async function poll(stage: Stage, ...replies: Served[]): ReturnType<ProviderClient['status']> {
  const handle = await submitted(stage);
  stage.server.serve(...replies);
  return await within(stage.client.status(handle, { requestId: stage.work.reference }), 'status() never ended');
}

/** The error that a call must end with. @param when what the provider did */
export async function failureOf(call: Promise<unknown>, when: string): Promise<ExternalAPIError> {
  const end = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  check('error' in end, `${when}: the call must reject, and resolved`);
  const { error } = end;
  // The suite's own words.
  if (error instanceof Error && error.constructor === Error && error.message.includes('never ended')) throw error;
  check(
    error instanceof ExternalAPIError && error.failure !== null,
    `${when}: it must reject with an ExternalAPIError that has a row of the failure table (callError), and rejected with ${String(error)}`,
  );
  return error;
}

/** Checks what an error says. */
export function checkError(error: ExternalAPIError, expected: Partial<ExternalAPIError>, when: string): void {
  for (const [member, value] of Object.entries(expected)) {
    const found: unknown = Reflect.get(error, member);
    check(
      found === value,
      `${when}: ${member} of the error must be ${JSON.stringify(value)}, and is ${JSON.stringify(found)} (${error.message})`,
    );
  }
}

export function checkCalls({ server }: Stage, count: number, when: string): void {
  check(
    server.calls.length === count,
    `${when}: the provider must get ${count} call(s) about the work, and got ${server.calls.length}`,
  );
}
