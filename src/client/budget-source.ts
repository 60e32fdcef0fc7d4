import { z } from 'zod';
import { budgetFromWire, type BudgetView } from '../contract/budget-view.ts';
import { CLOSED_BY, COUNTED_IN } from '../contract/values.ts';
import { getPage, silence } from './get-page.ts';

/** Says what the call budget is now; null, or a rejection, when nobody can. */
export interface BudgetSource {
  (): Promise<BudgetView | null>;
  /** Where it asks, for a person. */
  readonly address?: string;
  /** Where `address` was taken from, for a person. */
  readonly addressFrom?: string;
}

/** What a source said. */
export interface BudgetAnswer {
  view: BudgetView | null;
  /** Why there is no view, as the end of a sentence about the one that was asked; null: there is one. */
  problem: string | null;
}

/** The reader for the call budget of a provider, as a snapshot names it; null: nobody says. */
export type ProviderBudget = (provider: string | null) => BudgetReader | null;

/** @param provider as it is written down */
export function budgetOfProvider(source: BudgetSource | undefined, provider: string | undefined): ProviderBudget {
  const read = source ? sharedBudget(source) : null;
  return (asked) => (asked === (provider ?? null) ? read : null);
}

/** A worker under load takes its time. */
const LONGEST_READ_MS = 2_000;
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

/** No budget could be read: nobody answered in time, or not a worker. The message says which, and where. */
export class BudgetUnreadableError extends Error {
  override readonly name = 'BudgetUnreadableError';

  readonly problem: string;

  constructor(url: string, problem: string, options?: ErrorOptions) {
    super(`${url} ${problem}`, options);
    this.problem = problem;
  }
}

/**
 * The budget as the worker at `workerUrl` (the origin of its health pages) shows it, within 2 s.
 * @throws BudgetUnreadableError
 */
export async function readBudget(workerUrl: string | URL): Promise<BudgetView> {
  const url = `${originOf(workerUrl)}/budget`;
  const page = await getPage(url, { deadlineMs: LONGEST_READ_MS, maxBytes: MAX_PAGE_BYTES });
  if (page.problem !== null) throw new BudgetUnreadableError(url, page.problem, { cause: page.cause });
  if (page.status !== 200) throw new BudgetUnreadableError(url, `answers ${page.status}`);
  let body: unknown;
  try {
    body = JSON.parse(page.text);
  } catch (cause) {
    throw new BudgetUnreadableError(url, 'answers something else than JSON', { cause });
  }
  const read = budget.safeParse(typeof body === 'object' && body !== null ? budgetFromWire(body) : body);
  if (!read.success) throw new BudgetUnreadableError(url, 'answers something else than a call budget');
  return read.data;
}

const MAX_PAGE_BYTES = 100_000;

function originOf(url: string | URL): string {
  return String(url).replace(/\/+$/, '');
}

/**
 * The budget as a worker shows it, for the `budget` option of ExternalApiClient. `workerUrl`: http://host:9464.
 * @param addressFrom where that was taken from: sentences tell it to a person
 */
export function budgetFrom(workerUrl: string | URL, addressFrom?: string): BudgetSource {
  const address = { address: originOf(workerUrl), ...(addressFrom !== undefined && { addressFrom }) };
  return Object.assign(() => readBudget(workerUrl), address);
}

/** Reads the budget in bounded time; never rejects. */
export type BudgetReader = (deadlineMs: number) => Promise<BudgetAnswer>;

/** Reads `source`, for 2 s at most. Readers at the same time, and within 250 ms after, share one answer. */
export function sharedBudget(source: () => Promise<BudgetView | null>): BudgetReader {
  let shared: Promise<BudgetAnswer> | null = null;
  return async (deadlineMs) => {
    shared ??= within(LONGEST_READ_MS, answerOf(source)).finally(
      () => void setTimeout(() => (shared = null), FRESH_MS).unref(),
    );
    return await within(deadlineMs, shared);
  };
}

async function answerOf(source: () => Promise<BudgetView | null>): Promise<BudgetAnswer> {
  try {
    const view = await source();
    return { view, problem: view === null ? UNSAID : null };
  } catch (error) {
    return { view: null, problem: error instanceof BudgetUnreadableError ? error.problem : UNSAID };
  }
}

const UNSAID = 'does not say it';

async function within(deadlineMs: number, answer: Promise<BudgetAnswer>): Promise<BudgetAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<BudgetAnswer>((resolve) => {
    timer = setTimeout(() => resolve({ view: null, problem: silence(deadlineMs) }), deadlineMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
