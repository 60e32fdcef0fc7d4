import { expect, test } from 'vitest';
import type { Fate, Mode } from '../../lab/evidence.ts';
import { planBlows } from '../../lab/havoc-plan.ts';
import { lastingFaults } from '../../lab/provider-faults.ts';
import { randomNumbers } from '../../lab/random.ts';
import { workOf } from '../../lab/work.ts';

const PLAN = { seed: 7, mode: 'mixed', backlog: 100 } as const;
const works = Array.from({ length: 2_000 }, (_, n) => workOf(PLAN, n));
const of = (fate: Fate) => works.filter((work) => work.fate === fate);

test('[N12] a run starts with a backlog of asynchronous requests', () => {
  expect(works.slice(0, PLAN.backlog).every((work) => work.async)).toBe(true);
  expect(works.slice(PLAN.backlog).filter((work) => work.async).length).toBeCloseTo(950, -1);
});

test.each<[Fate, Mode[]]>([
  ['plain', ['key', 'none']],
  ['cancelled', ['key', 'none']],
  ['short-deadline', ['key', 'none']],
  // In mode none the first lost reply ends the tries.
  ['submits-fail', ['key']],
  ['polls-fail', ['key', 'none']],
])('[N12] requests of fate %s are of the modes %j, synchronous and asynchronous', (fate, modes) => {
  expect(new Set(of(fate).map(({ mode }) => mode))).toEqual(new Set(modes));
  expect(new Set(of(fate).map((work) => work.async))).toEqual(new Set([true, false]));
});

test('[N12] about a ninth is cancelled, a twentieth has a short deadline, and of one in fourteen the tries are used up', () => {
  expect(of('cancelled').length / works.length).toBeCloseTo(0.11, 2);
  expect(of('short-deadline').length / works.length).toBeCloseTo(0.05, 2);
  expect([...of('submits-fail'), ...of('polls-fail')].length / works.length).toBeCloseTo(0.07, 2);
});

test('[N12] the same seed makes the same work, blow for blow', () => {
  expect(workOf(PLAN, 5)).toEqual(workOf(PLAN, 5));
  const size = {
    kills: 1,
    freezeMs: 1,
    temporalRestarts: 3,
    gatewayRestarts: 2,
    closuresMs: [1, 2],
    redisPausesMs: [3],
  };
  const blows = planBlows(1_000, size, randomNumbers(7));
  expect(planBlows(1_000, size, randomNumbers(7))).toEqual(blows);
  expect(blows.map(({ after }) => after)).toEqual(blows.map(({ after }) => after).toSorted((a, b) => a - b));
  expect(blows.map(({ what }) => what).toSorted()).toEqual([
    'close-provider',
    'close-provider',
    'freeze-worker',
    'kill-all-workers',
    'pause-redis',
    'restart-gateway',
    'restart-gateway',
    'restart-redis',
    'restart-temporal',
    'restart-temporal',
    'restart-temporal',
  ]);
});

test('[N12] a fault that lasts strikes one request alone, as often as it is tried', () => {
  expect(lastingFaults('submits-fail', 'req_1', 8)).toMatchObject([
    { endpoint: '/process', match: { idempotencyKey: 'req_1' }, times: 8 },
  ]);
  expect(lastingFaults('polls-fail', 'req_1', 8)).toMatchObject([{ endpoint: '/status/{request_id}', times: 8 }]);
  expect(lastingFaults('plain', 'req_1', 8)).toEqual([]);
});
