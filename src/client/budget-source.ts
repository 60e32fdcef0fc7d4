import { z } from 'zod';
import { budgetFromWire, type BudgetView } from '../contract/budget-view.ts';
import { CLOSED_BY, COUNTED_IN } from '../contract/values.ts';

/** Says what the call budget is now; null, or a rejection, when nobody can. `address` is told to a person. */
export interface BudgetSource {
  (): Promise<BudgetView | null>;
  readonly address?: string;
}

const PAGE_DEADLINE_MS = 300;
const DEADLINE_MS = 500;
const FRESH_MS = 250;

const count = z.number().nonnegative();
const budget: z.ZodType<BudgetView> = z.object({
  limit: count,
  loweredLimit: count.nullable(),
  windowMs: count,
  used: count,
  nextPermitMs: count,
  bulkNextPermitMs: count,
  closedBy: z.enum(CLOSED_BY).nullable(),
  failures: count,
  kept: count,
  countedIn: z.enum(COUNTED_IN),
  workers: count,
  waiting: count,
  asOf: z.iso.datetime(),
});

/** No budget could be read: nobody answered in time, or not a worker. The message says which. */
export class BudgetUnreadableError extends Error {
  override readonly name = 'BudgetUnreadableError';
}

/**
 * The budget as the worker at `workerUrl` (the origin of its health pages) shows it, within 300 ms.
 * @throws BudgetUnreadableError
 */
export async function readBudget(workerUrl: string | URL): Promise<BudgetView> {
  const url = `${String(workerUrl).replace(/\/+$/, '')}/budget`;
  let body: unknown;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PAGE_DEADLINE_MS) });
    if (!response.ok) throw new BudgetUnreadableError(`${url} answers ${response.status}`);
    body = await response.json();
  } catch (error) {
    if (error instanceof BudgetUnreadableError) throw error;
    throw new BudgetUnreadableError(`${url} ${whatWentWrong(error)}`, { cause: error });
  }
  const read = budget.safeParse(typeof body === 'object' && body !== null ? budgetFromWire(body) : body);
  if (!read.success) throw new BudgetUnreadableError(`${url} answers something else than a call budget`);
  return read.data;
}

function whatWentWrong(error: unknown): string {
  if (error instanceof SyntaxError) return 'answers something else than JSON';
  if (error instanceof Error && error.name === 'TimeoutError') return `does not answer within ${PAGE_DEADLINE_MS} ms`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return `does not answer (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection'})`;
}

/** The budget as a worker shows it, for the `budget` option of ExternalApiClient. `workerUrl`: http://host:9464. */
export function budgetFrom(workerUrl: string | URL): BudgetSource {
  return Object.assign(() => readBudget(workerUrl), { address: String(workerUrl).replace(/\/+$/, '') });
}

/** What `source` says within 500 ms, else null. Readers at the same time, and within 250 ms after, share one answer. */
export function sharedBudget(source: () => Promise<BudgetView | null>): () => Promise<BudgetView | null> {
  let shared: Promise<BudgetView | null> | null = null;
  return () => {
    shared ??= bounded(source).finally(() => void setTimeout(() => (shared = null), FRESH_MS).unref());
    return shared;
  };
}

async function bounded(source: () => Promise<BudgetView | null>): Promise<BudgetView | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), DEADLINE_MS)));
  try {
    return await Promise.race([source(), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
