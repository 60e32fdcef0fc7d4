import { expect, test } from 'vitest';
import { countsText, listText } from '../../src/cli/list-text.ts';
import type { RequestSummary } from '../../src/client/list-requests.ts';
import { ERROR_TYPES, LIST_STATUSES } from '../../src/contract/values.ts';

const NOW = new Date('2026-11-03T10:10:00.000Z');
const ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const REQUEST: RequestSummary = {
  requestId: ID,
  tenant: 'acme',
  provider: null,
  status: 'running',
  createdAt: '2026-11-03T10:08:01.000Z',
  completedAt: null,
  retryOf: null,
  error: null,
};
const error = { message: 'x', statusCode: null, retryable: false, outcome: null };

const table = (requests: readonly RequestSummary[], { long = false, width = 80 } = {}): string =>
  listText(requests, { long, width, now: NOW });

test('[C4] a list is a table with error and age, which is not rounded up', () => {
  const failed = { status: 'failed', error: { ...error, type: 'APITimeoutError' } } as const;
  expect(table([REQUEST, { ...REQUEST, ...failed, createdAt: '2026-11-03T07:10:01.000Z' }])).toBe(
    [
      'REQUEST                         STATUS   AGE    ERROR            TENANT',
      `${ID}  running  119 s  -                acme`,
      `${ID}  failed   2 h    APITimeoutError  acme`,
    ].join('\n'),
  );
  expect(table([])).toBe('No requests.');
});

test('[C4] whatever is in it, a list fits 80 columns, and shows what it was cut by', () => {
  const requests = LIST_STATUSES.flatMap((status) =>
    ERROR_TYPES.map((type) => ({ ...REQUEST, status, tenant: 't'.repeat(64), error: { ...error, type } })),
  );
  const lines = table(requests).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBe(80);
  expect(lines.at(-1)).toMatch(/ +ResultTooLarge\S*… {2}ttttt…$/);
  const wide = table(requests, { width: 200 });
  expect(wide).not.toContain('…');
});

test('[C4][N1] --long shows the id that a callback named while the outcome is unknown', () => {
  const held = { ...REQUEST, status: 'outcome_unknown', hintedId: 'job-17' } as const;
  expect(table([held], { long: true })).toMatch(/CALLBACK NAMES\n.* job-17$/);
});

test('[C4] --long shows all, with times in full, however wide', () => {
  const ended = { ...REQUEST, status: 'completed', tenant: 't'.repeat(64), retryOf: ID } as const;
  expect(table([{ ...ended, completedAt: '2026-11-03T10:09:00.000Z' }], { long: true }).split('\n')[1]).toBe(
    `${ID}  completed  ${ended.tenant}  data-processing-v2.1  2026-11-03T10:08:01.000Z  2026-11-03T10:09:00.000Z  -      ${ID}  -`,
  );
});

test('[C4] counts are a table with the most first; what has no error has a dash', () => {
  const counts = [
    { value: null, count: 12 },
    { value: 'APITimeoutError', count: 3 },
  ];
  expect(countsText('error', counts, 80)).toBe('COUNT  ERROR\n12     -\n3      APITimeoutError');
  expect(countsText('error', [], 80)).toBe('No requests.');
});
