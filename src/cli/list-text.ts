import type { RequestSummary } from '../client/list-requests.ts';
import { BUILT_IN_PROVIDER } from '../contract/names.ts';
import { span } from '../client/time-in-words.ts';
import { tableText, type Column } from './table.ts';

type Columns = readonly Column<RequestSummary>[];

const IDENTITY: Columns = [
  { title: 'REQUEST', cell: ({ requestId }) => requestId },
  { title: 'STATUS', cell: ({ status }) => status },
];

function errorOf({ error }: RequestSummary): string {
  return error?.type ?? '-';
}

function shortColumns(now: Date): Columns {
  return [
    ...IDENTITY,
    { title: 'AGE', cell: ({ createdAt }) => span(now.getTime() - Date.parse(createdAt)) },
    { title: 'ERROR', cell: errorOf, least: 12 },
    { title: 'TENANT', cell: ({ tenant }) => tenant, least: 6 },
  ];
}

const LONG: Columns = [
  ...IDENTITY,
  { title: 'TENANT', cell: ({ tenant }) => tenant },
  { title: 'PROVIDER', cell: ({ provider }) => provider ?? BUILT_IN_PROVIDER },
  { title: 'CREATED', cell: ({ createdAt }) => createdAt },
  { title: 'COMPLETED', cell: ({ completedAt }) => completedAt ?? '-' },
  { title: 'ERROR', cell: errorOf },
  { title: 'RETRY OF', cell: ({ retryOf }) => retryOf ?? '-' },
  { title: 'CALLBACK NAMES', cell: ({ hintedId }) => hintedId ?? '-' },
];

/** Requests as a table of `width` columns; `long`: with all that is known, however wide. */
export function listText(
  requests: readonly RequestSummary[],
  { long, now, width }: { long: boolean; now: Date; width: number },
): string {
  if (requests.length === 0) return 'No requests.';
  return long ? tableText(LONG, requests) : tableText(shortColumns(now), requests, width);
}

/** What requests can be counted by. */
export const COUNTED_BY = {
  status: ({ status }) => status,
  error: ({ error }) => error?.type ?? null,
  tenant: ({ tenant }) => tenant,
  provider: ({ provider }) => provider ?? BUILT_IN_PROVIDER,
} as const satisfies Record<string, (request: RequestSummary) => string | null>;
export type CountedBy = keyof typeof COUNTED_BY;

export interface Count {
  /** Null: of those that have none. */
  value: string | null;
  count: number;
}

/** The most first. */
export function countsText(by: CountedBy, counts: readonly Count[], width: number): string {
  if (counts.length === 0) return 'No requests.';
  const columns: Column<Count>[] = [
    { title: 'COUNT', cell: ({ count }) => String(count) },
    { title: by.toUpperCase(), cell: ({ value }) => value ?? '-', least: 6 },
  ];
  return tableText(columns, counts, width);
}
