import { vi } from 'vitest';
import { ExternalAPIError } from '../../src/contract/errors.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import {
  createProviderClient,
  type ProviderClient,
  type ProviderClientOptions,
} from '../../src/provider/provider-client.ts';

export const CREDENTIALS = { apiKey: 'key-canary-1', clientId: 'client', clientSecret: 'secret-canary-2' };

export interface ClientUnderTest extends ProviderClient, AsyncDisposable {
  /** What the observer was told, in order. */
  readonly records: readonly CallRecord[];
  readonly generations: readonly number[];
}

export function clientFor(baseUrl: string, options: Partial<ProviderClientOptions> = {}): ClientUnderTest {
  const records: CallRecord[] = [];
  const generations: number[] = [];
  const client = createProviderClient({
    profile: BUILT_IN,
    baseUrl: new URL(baseUrl),
    credentials: CREDENTIALS,
    timeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    maxConnections: 64,
    budget: budgetWith({ limit: 100_000, outageAfter: 0, backoffMs: 1 }),
    observer: {
      called: (record) => void records.push(record),
      tokenRefreshed: (generation) => void generations.push(generation),
    },
    ...options,
  });
  return Object.assign(Object.create(client) as ProviderClient, {
    records,
    generations,
    [Symbol.asyncDispose]: () => client.close(),
  });
}

export const CONTEXT = { requestId: 'req_1' };
export const WORK = {
  data: { text: 'hello' },
  options: { async: true, callbackUrl: null },
  idempotencyKey: 'req_1',
};

/** The error that a call must end with. */
export async function failureOf(call: Promise<unknown>): Promise<ExternalAPIError> {
  const result = await call.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (result instanceof ExternalAPIError) return result;
  throw result;
}

export function until(condition: () => boolean): Promise<void> {
  return vi.waitUntil(condition, { timeout: 10_000, interval: 2 }).then(() => {});
}
