import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/client/why.ts';
import type { BudgetView } from '../../src/contract/budget-view.ts';
import type { RequestSnapshot } from '../../src/contract/request.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';
import { AT, REFUSES, told, waits, WORKER } from './why-told.ts';

const USED_UP: BudgetView = { ...OPEN_BUDGET, used: 1000, closedBy: 'budget', nextPermitMs: 4_300 };
const NOBODY_ASKED: Partial<Evidence> = { workerAddress: null, workerProblem: null };

describe('a wait for a worker', () => {
  const none = 'waits for a worker: none has taken its step for 12 s';
  test.each<[string, Partial<RequestSnapshot>, Partial<Evidence>]>([
    [`${none}, and ${WORKER} ${REFUSES}: start one, or look at its log.`, { stale: true }, {}],
    [`${none}: start one, or look at its log.`, { stale: true }, NOBODY_ASKED],
    [`${none}, and ${WORKER} ${REFUSES}: start one, or look at its log.`, { status: 'queued' }, {}],
    [
      `waits for a worker of the provider replicate: none has taken its step for 12 s; none has asked Temporal for work for five minutes: start one.`,
      { stale: true, provider: 'replicate' },
      { ...NOBODY_ASKED, pollers: [] },
    ],
    [
      `${none}, and ${WORKER} (the default: X is not set) ${REFUSES}; none has asked Temporal for work for five minutes: start one.`,
      { stale: true },
      { workerAddressFrom: 'the default: X is not set', pollers: [] },
    ],
    [
      `${none}, and ${WORKER} listens and does not answer within 2000 ms; Temporal has heard of one 13 s ago (7@host): it is slow or frozen, or has just ended: look at its log.`,
      { stale: true },
      {
        workerProblem: 'listens and does not answer within 2000 ms',
        pollers: [{ identity: '7@host', lastAskedAt: AT(-13.9) }],
      },
    ],
    [
      `${none}; Temporal has heard of one 70 s ago (2 in all, the latest 7@host): it is slow or frozen, or has just ended: look at its log.`,
      { stale: true },
      {
        ...NOBODY_ASKED,
        pollers: [
          { identity: '7@host', lastAskedAt: AT(-70) },
          { identity: '8@host', lastAskedAt: AT(-200) },
        ],
      },
    ],
    [
      `${none}, although one answers at ${WORKER} and the call budget has room (412 of 1000 calls were made in the last 60 s): others go first, or that worker hangs: look at its log.`,
      {},
      { budget: OPEN_BUDGET },
    ],
    [
      `${none}, although one answers at ${WORKER}: others go first, or that worker hangs: look at its log.`,
      { status: 'authenticating' },
      { budget: USED_UP },
    ],
    [`has waited 12 s for a worker, or for the call budget: workers run, but ${WORKER} ${REFUSES}.`, {}, {}],
    [
      "has waited 12 s for a worker, or for the call budget: workers run, but nobody was asked what the budget is (the client's option `budget`).",
      {},
      NOBODY_ASKED,
    ],
  ])('[N6] … %s', (sentence, snapshot, evidence) => {
    expect(told({ ...snapshot, ...waits('worker') }, evidence)).toBe(sentence);
  });
});

test('[N6] a step that a worker has, and says nothing of, is not told as held up by nothing', () => {
  const stale = { stale: true, updatedAt: AT(-60), waitingFor: null };
  const taken = 'is submitting since 11:59:00Z: a worker has its next step, and none answered in time';
  expect(told(stale)).toBe(`${taken}, and ${WORKER} ${REFUSES}: start one, or look at its log.`);
  expect(told(stale, { budget: OPEN_BUDGET, workerProblem: null })).toBe(
    `${taken}, although one at ${WORKER} lives: look at its log.`,
  );
});
